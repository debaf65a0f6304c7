/**
 * A port of 127.0.0.1 on which nothing listens. A port that was free a moment ago does not do:
 * the system can give it to the next server or connection of any process while a test counts on it.
 * This one needs privileges, is registered for a protocol without use, and is not one that `fetch` refuses.
 */
export const closedPort = 2;
