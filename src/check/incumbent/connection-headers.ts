/** Headers that apply to one connection and are not forwarded (RFC 9110 sections 6.6.2 and 7.6.1), or that frame a body. */
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
