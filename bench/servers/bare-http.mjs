// A server on node:http that answers every request with 200 and no headers, for comparison. It loads nothing else.
import http from 'node:http';

const server = http.createServer((_, response) => {
  response.writeHead(200, ['content-length', '0']);
  response.end();
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ listener: 'bare', port: server.address().port })}\n`);
});
