/** What belongs to one connection, and is not handed on to another (RFC 9110 sections 6.6.2 and 7.6.1), or frames a body. */
export const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
