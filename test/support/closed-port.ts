/**
 * A port of 127.0.0.1 on which nothing listens.
 * A port that was free a moment ago can belong to another program a moment later.
 * This one needs privileges, is registered for a protocol without use, and is not one that `fetch` refuses.
 */
export const closedPort = 2;
