/** Mutants of HTTP/2: the limits, the checks of frames and requests, and flow control of `src/transport/grpc/http2`. */
import type { Mutant } from './mutant.ts';

const tests = (name: string) => [`test/transport/grpc/http2/${name}.test.ts`];
const frames = tests('frames');
const requests = tests('requests');
const streams = tests('streams');
const flowControl = tests('flow-control');
const floods = tests('floods');
const connection = tests('connection');
const headerWork = tests('header-work');

/** A mutant of a file of the folder. */
function of(file: string, name: string, find: string, replace: string, by: readonly string[]): Mutant {
  return { name, file: `src/transport/grpc/http2/${file}.ts`, find, replace, tests: by, project: 'live' };
}

/** Each removes one check. */
export const http2Mutants: readonly Mutant[] = [
  of(
    'frame-reader',
    'a frame may be of any size',
    'if (left > smallestMaxFrameSize)',
    'if (left < 0)',
    frames,
  ),
  of(
    'frame-reader',
    'padding may be longer than DATA',
    'if (left < 0) throw',
    'if (left < -1_000) throw',
    frames,
  ),
  of(
    'frame-reader',
    'DATA may lack its pad length',
    'else if (left === 0) throw',
    'else if (left < 0) throw',
    frames,
  ),
  of(
    'frame-reader',
    'a connection that has ended reads on',
    'while (!isStopped && (at',
    'while (true && (at',
    connection,
  ),
  of(
    'header-blocks',
    'a header block may have any number of frames',
    ' || frames > frameLimit + length / smallestMaxFrameSize)',
    ')',
    floods,
  ),
  of('header-blocks', 'a header block may have any length', 'length > headerBlockLimit || ', '', floods),
  of(
    'header-blocks',
    'the bytes of a field that is skipped are read as fields',
    'const from = Math.min(end, start + toSkip);',
    'const from = start;',
    requests,
  ),
  of('header-blocks', 'an incomplete field ends a block', 'if (unread.length() > 0 || ', 'if (', requests),
  of('header-blocks', 'an incomplete long field ends a block', ' || toSkip > 0)', ')', requests),
  of(
    'header-blocks',
    'a header block has no time limit',
    'if (openStreamId !== 0 && now() - openedAt > timeLimit)',
    'if (openStreamId < 0)',
    floods,
  ),
  of(
    'header-blocks',
    'the time of a header block is that of the connection',
    '      openedAt = now();\n',
    '',
    floods,
  ),
  of('hpack/field-length', 'a name may have any length', 'nameLength > longestName', 'false', requests),
  of(
    'hpack/decoder',
    'a field is decoded before it has arrived',
    ' || length > end - position) break;',
    ') break;',
    headerWork,
  ),
  of(
    'hpack/decoder',
    'a long field is kept',
    'if (length > longestField) skipLiteral(bytes, length);\n        else if',
    'if',
    requests,
  ),
  of(
    'unread-bytes',
    'each byte of a header block copies those before it',
    'Buffer.allocUnsafeSlow(2 * needed)',
    'Buffer.allocUnsafeSlow(needed)',
    headerWork,
  ),
  of(
    'unread-bytes',
    'an incomplete field is copied for each frame',
    '      if (count === 0) return;\n',
    '',
    headerWork,
  ),
  of(
    'header-blocks',
    'the frames of one header block count for the next',
    '    length = 0;\n    frames = 0;\n    onBlock',
    '    onBlock',
    requests,
  ),
  of(
    'hpack/decoder',
    'a long field leaves the table unchanged',
    'if ((bytes[position] ?? 0) >= 0x40) clearTable(table);',
    '',
    requests,
  ),
  of(
    'hpack/decoder',
    'the table may change after a part of a block',
    'if (isFirst) mayChangeSize = true;',
    '',
    requests,
  ),
  of(
    'header-blocks',
    'padding may be longer than HEADERS',
    'if (from > to) throw',
    'if (from < 0) throw',
    frames,
  ),
  of(
    'request-head',
    'malformed fields are accepted',
    'if (!readField(field)) isWellFormed = false;',
    'readField(field);',
    requests,
  ),
  of('request-head', 'a request needs no pseudo-header fields', ' || !isRequest()', '', requests),
  of(
    'request-head',
    'a request may have two paths',
    'if (!mayBePseudo || path !== undefined) return false;',
    'if (!mayBePseudo) return false;',
    requests,
  ),
  of(
    'request-head',
    'a pseudo-header field may follow other fields',
    'mayBePseudo = false;',
    'mayBePseudo = true;',
    requests,
  ),
  of(
    'request-head',
    'two values of content-length are accepted',
    'return contentLength === value;',
    'return true;',
    requests,
  ),
  of(
    'request-head',
    'a request gets the head of the one before',
    'if (last === undefined || !isLast(last)) {',
    'if (last === undefined) {',
    requests,
  ),
  of(
    'request-field',
    'any value of :path is accepted',
    "isFieldValue(value) ? 'path' : 'malformed'",
    "'path'",
    requests,
  ),
  of(
    'request-field',
    'fields of HTTP/1 connections are accepted',
    `    case 'upgrade':
      return 'malformed';`,
    `    case 'upgrade':
      return 'other';`,
    requests,
  ),
  of(
    'request-field',
    'any name of a field is accepted',
    "return isToken(name) && name === name.toLowerCase() ? 'other' : 'malformed';",
    "return 'other';",
    requests,
  ),
  of('requests', 'any number of streams is open', ' || streams.count() >= maxConcurrentStreams', '', streams),
  of('requests', 'a connection that closes accepts calls', 'if (isClosing() || ', 'if (', connection),
  of('requests', 'refused streams are not counted', "floods.count('refused HEADERS');", '', floods),
  of(
    'requests',
    'DATA after the end is delivered',
    'if (!stream.isRequestComplete) return stream;',
    'return stream;',
    frames,
  ),
  of(
    'requests',
    'HEADERS of a closed stream are ignored',
    "if (streams.stateOf(id) !== 'reset')",
    "if (streams.stateOf(id) === 'idle')",
    frames,
  ),
  of('requests', 'an even stream is opened', 'if (id % 2 === 0) throw', 'if (id < 0) throw', frames),
  of('requests', 'padding is not given back', 'if (padding > 0) credit(padding);', '', flowControl),
  of(
    'requests',
    'the window of a stream that has ended is given back',
    ' || current.isClosed || isEndOfRequest) return;',
    ' || current.isClosed) return;',
    flowControl,
  ),
  of(
    'requests',
    'empty DATA is not counted',
    "if (length === 0 && !isEndOfRequest) floods.count('empty DATA');",
    '',
    floods,
  ),
  of(
    'requests',
    'less data than content-length is accepted',
    ' && !(isLast && stream.contentLeft > 0)',
    '',
    requests,
  ),
  of(
    'requests',
    'less data than content-length is accepted before trailers',
    ' || stream.contentLeft > 0)',
    ')',
    requests,
  ),
  of(
    'requests',
    'a handler hears of the end of a stream that it knows nothing of',
    `    stream.isOpened = true;
    if (stream.isClosed) handler.closed(stream);
    else if`,
    `    stream.isOpened = true;
    if`,
    streams,
  ),
  of('control-frames', 'RST_STREAM is not counted', "floods.count('RST_STREAM');", '', floods),
  of('control-frames', 'SETTINGS is not counted', "floods.count('SETTINGS');", '', floods),
  of('control-frames', 'PING is not counted', "floods.count('PING');", '', floods),
  of('control-frames', 'WINDOW_UPDATE is not counted', "floods.count('WINDOW_UPDATE');", '', floods),
  of(
    'control-frames',
    'PRIORITY is not counted',
    `    floods.count('PRIORITY and unknown');
    const size = end - start;`,
    '    const size = end - start;',
    floods,
  ),
  of(
    'control-frames',
    'SETTINGS are acknowledged after their effects',
    `    output.frame(frameType.settings, frameFlag.ack, 0, nothing);
    responses.applySettings(settings, streams.all());`,
    `    responses.applySettings(settings, streams.all());
    output.frame(frameType.settings, frameFlag.ack, 0, nothing);`,
    flowControl,
  ),
  of(
    'control-frames',
    'RST_STREAM may have any size',
    "requireSize('RST_STREAM', end - start, numberBytes);",
    '',
    frames,
  ),
  of(
    'streams',
    'streams that this side ends for an error are not counted',
    `    fail: (stream, code) => {
      floods.count('RST_STREAM');`,
    '    fail: (stream, code) => {',
    floods,
  ),
  of(
    'streams',
    'malformed requests are not counted',
    `    refuse: (id, code, isComplete) => {
      floods.count('RST_STREAM');`,
    '    refuse: (id, code, isComplete) => {',
    floods,
  ),
  of(
    'streams',
    'resets are kept for ever',
    'if (reset.size > 2 * keptResets)',
    'if (reset.size < 0)',
    streams,
  ),
  of('streams', 'resets are not kept', 'if (!isComplete) remember(id);', '', streams),
  of(
    'responses',
    'the window of a stream does not count',
    'Math.min(window, stream.sendWindow, smallestMaxFrameSize)',
    'Math.min(window, smallestMaxFrameSize)',
    flowControl,
  ),
  of(
    'responses',
    'the window of the connection does not count',
    'Math.min(window, stream.sendWindow, smallestMaxFrameSize)',
    'Math.min(stream.sendWindow, smallestMaxFrameSize)',
    flowControl,
  ),
  of(
    'responses',
    'frames of any size are sent',
    'Math.min(window, stream.sendWindow, smallestMaxFrameSize)',
    'Math.min(window, stream.sendWindow)',
    flowControl,
  ),
  of('responses', 'what waits in the socket has no limit', 'output.isBackedUp() ? 0 : ', '', connection),
  of(
    'responses',
    'a stream that has ended keeps its data',
    `stream.waitingBytes = 0;
    },`,
    '},',
    flowControl,
  ),
  of('responses', 'a stream that has ended keeps its turn', 'queue.delete(stream);', '', flowControl),
  of(
    'responses',
    'the window of a stream may be too large',
    'if (stream.sendWindow > largestWindow) return false;',
    '',
    frames,
  ),
  of(
    'responses',
    'the window of the connection may be too large',
    'if (window > largestWindow)',
    'if (window < 0)',
    frames,
  ),
  of(
    'responses',
    'SETTINGS may make a window too large',
    `if (stream.sendWindow > largestWindow)
`,
    `if (stream.sendWindow < -largestWindow)
`,
    flowControl,
  ),
  of(
    'responses',
    'one stream sends all its data before the next',
    'if (next.waitingBytes > 0) queue.add(next);',
    `while (next.waitingBytes > 0 && sendable(next) > 0) sendFrame(next, sendable(next));
      if (next.waitingBytes > 0) queue.add(next);`,
    flowControl,
  ),
  of(
    'responses',
    'the client does not learn that the table is not used',
    'tableUpdate = emptyTable;',
    'tableUpdate = undefined;',
    streams,
  ),
  of(
    'output',
    'a buffer is changed while the socket sends it',
    'if (socket.writableLength > 0) buffer = Buffer.alloc(0);',
    '',
    connection,
  ),
  of(
    'output',
    'later answers leave one by one',
    'if (!isHeld && !willFlush) flushSoon();',
    'if (!isHeld) queueMicrotask(flush), write();',
    connection,
  ),
  of(
    'input-turns',
    'a peer that does not read is read from',
    'if (output.isBackedUp()) return void socket.pause();',
    '',
    connection,
  ),
  of(
    'input-turns',
    'a connection is read from without a turn for others',
    'if (bytesLeft > 0) return;',
    'if (bytesLeft < 2 ** 50) return;',
    connection,
  ),
  of(
    'input-turns',
    'a turn begins while the peer does not read',
    'if (!output.isBackedUp()) socket.resume();',
    'socket.resume();',
    connection,
  ),
  of(
    'connection',
    'a client that sends no more loses its responses',
    'if (streams.count() === 0) return end(undefined);\n    close();',
    'return end(undefined);',
    connection,
  ),
  of(
    'connection',
    'a client that sends no more keeps its connection for ever',
    'stopTimer = clock.after(lastResponsesTime, () => end(undefined));',
    '',
    connection,
  ),
  of(
    'output',
    'a peer that does not read has 1 MiB in the socket',
    '= 128 * 1024;',
    '= 1024 * 1024;',
    connection,
  ),
  of(
    'connection',
    'a peer that has taken the output is not read from again',
    `    responses.resume();
    socket.resume();`,
    '    responses.resume();',
    connection,
  ),
  of(
    'connection',
    'what waits for the peer to read is never sent',
    `    responses.resume();
    socket.resume();`,
    '    socket.resume();',
    connection,
  ),
  of(
    'connection',
    'a connection that has ended waits for its peer for ever',
    'stopTimer = clock.after(lingerTime, () => socket.destroy());',
    '',
    connection,
  ),
  of(
    'connection',
    'a call after close ends the connection',
    'if (isClosing && streams.count() === 0) end(undefined);',
    'if (isClosing) end(undefined);',
    connection,
  ),
  of(
    'connection',
    'the first frame may be any',
    'if (type !== frameType.settings || flags & frameFlag.ack)',
    'if (flags > 255)',
    frames,
  ),
  of(
    'connection',
    'frames may interrupt a header block',
    'if (expected === 0 ? type === frameType.continuation : !isContinuationOf(expected, type, streamId))',
    'if (expected === 0 && type === frameType.continuation)',
    frames,
  ),
  of(
    'connection',
    'unknown frames are not counted',
    `if (type > frameType.continuation) floods.count('PRIORITY and unknown');
      else if (!belongsTo`,
    'if (type <= frameType.continuation && !belongsTo',
    floods,
  ),
  of(
    'connection',
    'a frame may be on any stream',
    'else if (!belongsTo(type, streamId))',
    'else if (streamId < 0)',
    frames,
  ),
  of(
    'connection',
    'a connection has a second GOAWAY',
    'if (hasGoAway || hasEnded) return;',
    'if (hasEnded) return;',
    connection,
  ),
  of(
    'connection',
    'an answered call adds nothing to the budgets',
    `    floods.callAnswered();
`,
    '',
    floods,
  ),
  of(
    'connection',
    'a response to an incomplete request does not ask the client to stop',
    'else streams.reset(stream, errorCode.noError);',
    'else streams.close(stream);',
    streams,
  ),
];
