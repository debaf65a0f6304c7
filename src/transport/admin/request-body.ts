/** Reads the body of a request to the admin listener. */
import type { IncomingMessage } from 'node:http';

/** The largest body, in bytes. */
export const maxAdminBody = 64 * 1024;

/**
 * Reads the body. The server's timeout limits the time.
 *
 * @returns undefined if the body is too large. It was read to its end then, so that the client reads the response
 * @throws Error if the connection closes before the end
 */
export async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxAdminBody) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size <= maxAdminBody ? Buffer.concat(chunks) : undefined;
}
