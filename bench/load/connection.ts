/** One connection of a load. It sends prepared requests and reports each answer, at little cost. */
import net from 'node:net';
import { flag, frameType } from '../../test/support/http2.ts';
import { grpcCall, type Protocol, pingAnswer, preface } from './messages.ts';

/** The kind of an answer. */
export type Answer = 'allowed' | 'denied' | 'overloaded';

/** A connection of a load. */
export interface LoadConnection {
  /** Sends a request; over HTTP, one at a time. */
  readonly send: (request: Buffer) => void;
  readonly close: () => void;
}

/** Connects. @param onAnswer is called for each answer, in the order of arrival */
export function connect(
  protocol: Protocol,
  port: number,
  onAnswer: (answer: Answer) => void,
): Promise<LoadConnection> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.once('connect', () => {
      // The figures would be wrong, so this error must end the run.
      socket.on('close', () => {
        if (!isOver) throw new Error('the server closed a connection');
      });
      let isOver = false;
      const connection = protocol === 'http' ? overHttp(socket, onAnswer) : overGrpc(socket, onAnswer);
      const close = () => {
        isOver = true;
        connection.close();
      };
      resolve({ ...connection, close });
    });
  });
}

const answerOfStatus: Readonly<Record<string, Answer>> = { 200: 'allowed', 401: 'denied', 403: 'overloaded' };

function overHttp(socket: net.Socket, onAnswer: (answer: Answer) => void): LoadConnection {
  // One request is in flight at a time, and its answer arrives in one chunk.
  socket.on('data', (chunk) => {
    const answer = answerOfStatus[chunk.toString('latin1', 9, 12)];
    if (answer === undefined) throw new Error(`unexpected: ${chunk.toString('latin1', 0, 200)}`);
    onAnswer(answer);
  });
  return { send: (request) => void socket.write(request), close: () => socket.destroy() };
}

/** Answers by the code of google.rpc.Status, the first field of a CheckResponse. */
const answerOfCode: Readonly<Record<number, Answer>> = { 0: 'allowed', 16: 'denied', 14: 'overloaded' };

function overGrpc(socket: net.Socket, onAnswer: (answer: Answer) => void): LoadConnection {
  let stream = 1;
  let received: Buffer = Buffer.alloc(0);
  let outgoing: Buffer[] = [];
  let [answered, ended] = [0, 0];
  socket.write(preface);
  const flush = () => {
    if (outgoing.length > 0) socket.write(Buffer.concat(outgoing));
    outgoing = [];
  };
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    let offset = 0;
    while (received.length - offset >= 9) {
      const end = offset + 9 + received.readUIntBE(offset, 3);
      if (received.length < end) break;
      const [type, flags] = [received[offset + 3], received[offset + 4] ?? 0];
      if (type === frameType.ping && (flags & flag.ack) === 0)
        outgoing.push(pingAnswer(received.subarray(offset + 9, end)));
      if (type === frameType.data && end - offset > 18) {
        answered++;
        onAnswer(answerOf(received, offset + 14, end));
      }
      if (type === frameType.headers && (flags & flag.endStream) !== 0 && ++ended > answered)
        throw new Error(`a call ended without an answer: ${received.toString('latin1', offset + 9, end)}`);
      if (type === frameType.rstStream || type === frameType.goAway)
        throw new Error(`unexpected frame: ${received.toString('hex', offset, end)}`);
      offset = end;
    }
    received = received.subarray(offset);
    flush();
  });
  return {
    send: (request) => {
      outgoing.push(grpcCall(stream, request));
      stream += 2;
      if (outgoing.length === 1) queueMicrotask(flush);
    },
    close: () => socket.destroy(),
  };
}

/** Reads the answer in a CheckResponse; a bare server may omit code 0. */
function answerOf(bytes: Buffer, start: number, end: number): Answer {
  const hasCode = bytes[start] === 0x0a && (bytes[start + 1] ?? 0) >= 2 && bytes[start + 2] === 0x08;
  const answer = answerOfCode[hasCode ? (bytes[start + 3] ?? -1) : 0];
  if (answer === undefined) throw new Error(`unexpected: ${bytes.toString('hex', start, end)}`);
  return answer;
}
