/**
 * Node's HTTP/1.1, as CommonJS gets it. An ES import of `node:http` reads each of its exports, the WebSocket client
 * among them, which loads Node's whole fetch: 15 MiB and 50 ms of the start that nothing here needs.
 */
export const http = process.getBuiltinModule('node:http');
