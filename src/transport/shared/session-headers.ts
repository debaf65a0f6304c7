/** The headers that each check of a session reads. To look for these costs much less than an index of all headers. */
export const sessionHeaders: ReadonlySet<string> = new Set(['cookie', 'upgrade', 'origin', 'sec-fetch-site']);
