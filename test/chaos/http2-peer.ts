/** A client of raw HTTP/2 frames for attacks: it counts what arrives, and keeps only what a test asks for. */
import net from 'node:net';
import tls from 'node:tls';
import { checkMessage } from '../support/grpc-calls.ts';
import type { OfficialCheckResponse } from '../support/grpc-client.ts';
import { callHeaders, flag, frame, frameType, grpcMessage, uint32 } from '../support/http2.ts';
import { officialCheck } from '../support/official-protos.ts';

/** The connection of an attacker. */
export interface Http2Peer {
  /** Sends bytes. Resolves when the socket can take more, or has closed. */
  readonly send: (...frames: Buffer[]) => Promise<void>;
  readonly stopReading: () => void;
  readonly readAgain: () => void;
  /** Sends FIN. */
  readonly halfClose: () => void;
  readonly isClosed: () => boolean;
  /** Resolves when the service has closed the connection. */
  readonly closed: Promise<void>;
  /** The error code of the last GOAWAY. */
  readonly goAway: () => number | undefined;
  /** The streams whose response has ended, with the code of the check, or -1 without one. */
  readonly answers: ReadonlyMap<number, number>;
  /** The streams that the service has reset, with the error code. */
  readonly resets: ReadonlyMap<number, number>;
  readonly close: () => void;
}

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** The preface, SETTINGS, and a window of the connection for all responses. */
export const begin = Buffer.concat([
  preface,
  frame(frameType.settings, 0, 0),
  frame(frameType.windowUpdate, 0, 0, uint32(2 ** 24)),
]);

/** The frames of a whole check. */
export function wholeCheck(stream: number, authorization: string): Buffer {
  const message = checkMessage({ headers: { authorization } });
  return Buffer.concat([
    frame(frameType.headers, flag.endHeaders, stream, callHeaders()),
    frame(frameType.data, flag.endStream, stream, message),
  ]);
}

/** The header block of a call whose method does not exist. It is answered before its data arrives. */
export const unknownMethod = callHeaders('/no.such.Service/Method');

/** A framed message of some bytes in a field that no check reads. */
export function fillerMessage(length: number): Buffer {
  return grpcMessage(checkMessage({ rawBody: Buffer.alloc(length) }).subarray(5));
}

/** Connects, and sends the preface and SETTINGS unless told otherwise. */
export async function connectPeer(
  port: number,
  { isTls = false, first = begin }: { readonly isTls?: boolean; readonly first?: Buffer } = {},
): Promise<Http2Peer> {
  const socket = isTls
    ? tls.connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false })
    : net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [answers, resets] = [new Map<number, number>(), new Map<number, number>()];
  const data = new Map<number, Buffer[]>();
  let rest: Buffer = Buffer.alloc(0);
  let goAway: number | undefined;
  let isClosed = false;
  socket.setNoDelay(true);
  // A test may stop waiting for a socket that takes nothing, and wait again.
  socket.setMaxListeners(0);
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      isClosed = true;
      resolve();
    }),
  );
  const take = (type: number, flags: number, stream: number, payload: Buffer) => {
    if (type === frameType.goAway) goAway = payload.readUInt32BE(4);
    if (type === frameType.rstStream) resets.set(stream, payload.readUInt32BE(0));
    if (type === frameType.data) data.set(stream, [...(data.get(stream) ?? []), Buffer.from(payload)]);
    const isLast = (flags & flag.endStream) !== 0;
    if (!isLast || (type !== frameType.data && type !== frameType.headers)) return;
    answers.set(stream, codeOf(data.get(stream) ?? []));
    data.delete(stream);
  };
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= 9 && rest.length - at - 9 >= rest.readUIntBE(at, 3)) {
      const length = rest.readUIntBE(at, 3);
      const payload = rest.subarray(at + 9, at + 9 + length);
      take(rest[at + 3] ?? 0, rest[at + 4] ?? 0, rest.readUInt32BE(at + 5) & 0x7fffffff, payload);
      at += 9 + length;
    }
    rest = rest.subarray(at);
  });
  // The service has sent FIN.
  socket.on('end', () => socket.destroy());
  await new Promise<void>((resolve) => socket.once(isTls ? 'secureConnect' : 'connect', resolve));
  const send = async (...frames: Buffer[]) => {
    if (isClosed || !socket.writable || socket.write(Buffer.concat(frames))) return;
    await Promise.race([closed, new Promise<void>((resolve) => socket.once('drain', resolve))]);
  };
  await send(first);
  return {
    send,
    stopReading: () => void socket.pause(),
    readAgain: () => void socket.resume(),
    halfClose: () => void socket.end(),
    isClosed: () => isClosed,
    closed,
    goAway: () => goAway,
    answers,
    resets,
    close: () => void socket.destroy(),
  };
}

function codeOf(pieces: readonly Buffer[]): number {
  const bytes = Buffer.concat(pieces);
  if (bytes.length < 5) return -1;
  return (officialCheck.responseDeserialize(bytes.subarray(5)) as OfficialCheckResponse).status?.code ?? 0;
}
