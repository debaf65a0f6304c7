/**
 * Node's HTTP/1.1 module, loaded without an ES import. An ES import of `node:http` reads all of its exports. One of
 * them, the WebSocket client, loads Node's fetch, which adds 15 MiB and 50 ms to the start.
 */
export const http = process.getBuiltinModule('node:http');
