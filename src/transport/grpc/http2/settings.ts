/** SETTINGS (RFC 9113 section 6.5). */
import { ConnectionError } from './connection-error.ts';
import { errorCode } from './error-code.ts';
import { largestWindow, smallestMaxFrameSize } from './frame.ts';

/** The identifiers of settings (RFC 9113 section 6.5.2). */
const setting = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
} as const;

/** The bytes of a setting. */
const settingBytes = 6;

/** The size of the dynamic table for header blocks that nothing has changed, in bytes (RFC 7541 section 4.2). */
export const defaultHeaderTableSize = 4_096;

/** Writes the payload of this side's SETTINGS. */
export function writeSettings(values: {
  readonly maxConcurrentStreams: number;
  readonly initialWindowSize: number;
  readonly maxHeaderListSize: number;
}): Buffer {
  const pairs = [
    [setting.maxConcurrentStreams, values.maxConcurrentStreams],
    [setting.initialWindowSize, values.initialWindowSize],
    [setting.maxHeaderListSize, values.maxHeaderListSize],
  ] as const;
  const payload = Buffer.alloc(pairs.length * settingBytes);
  for (const [index, [identifier, value]] of pairs.entries()) {
    payload.writeUInt16BE(identifier, index * settingBytes);
    payload.writeUInt32BE(value, index * settingBytes + 2);
  }
  return payload;
}

/** The settings of a client that concern a server. */
export interface PeerSettings {
  /** The smallest table that a payload has named, even for a moment (RFC 7541 section 4.2). */
  headerTableSize: number | undefined;
  initialWindowSize: number | undefined;
}

/**
 * Reads the payload of a client's SETTINGS, from `start` to `end`. Unknown settings are ignored.
 *
 * @throws ConnectionError if a value is out of range
 */
export function readSettings(bytes: Buffer, start: number, end: number): PeerSettings {
  if ((end - start) % settingBytes !== 0)
    throw new ConnectionError(errorCode.frameSizeError, `SETTINGS of ${end - start} bytes`);
  const settings: PeerSettings = { headerTableSize: undefined, initialWindowSize: undefined };
  for (let at = start; at < end; at += settingBytes)
    readSetting(settings, bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
  return settings;
}

function readSetting(settings: PeerSettings, identifier: number, value: number): void {
  switch (identifier) {
    case setting.headerTableSize:
      settings.headerTableSize = Math.min(settings.headerTableSize ?? value, value);
      return;
    case setting.enablePush:
      if (value > 1) throw new ConnectionError(errorCode.protocolError, `SETTINGS_ENABLE_PUSH of ${value}`);
      return;
    case setting.initialWindowSize:
      if (value > largestWindow)
        throw new ConnectionError(errorCode.flowControlError, `SETTINGS_INITIAL_WINDOW_SIZE of ${value}`);
      settings.initialWindowSize = value;
      return;
    case setting.maxFrameSize:
      // This side never sends more than the least that a client must accept, so only the range counts.
      if (value < smallestMaxFrameSize || value > largestMaxFrameSize)
        throw new ConnectionError(errorCode.protocolError, `SETTINGS_MAX_FRAME_SIZE of ${value}`);
      return;
    default:
  }
}

/** The largest SETTINGS_MAX_FRAME_SIZE, in bytes. */
const largestMaxFrameSize = 2 ** 24 - 1;
