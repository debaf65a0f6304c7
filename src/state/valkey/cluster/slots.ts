/**
 * The slots of a cluster: which key is in which slot, and which server has it.
 *
 * @see https://valkey.io/topics/cluster-spec/ "Key distribution model" and "Hash tags"
 */
import type { Address } from '../valkey-config.ts';

/** Slots in a row that one server has. */
export interface SlotRange {
  readonly from: number;
  /** The last slot. */
  readonly to: number;
  readonly master: Address;
}

const slots = 16_384;

/** The slot of a key. If the key has a part in braces, only that part counts. */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = key.indexOf('}', open + 1);
  const hashed = open >= 0 && close > open + 1 ? key.slice(open + 1, close) : key;
  return crc16(Buffer.from(hashed)) % slots;
}

/** CRC16 with the polynomial 0x1021, as XMODEM has it. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}

/**
 * Reads the answer of `CLUSTER SLOTS`.
 *
 * @param asked the server that answered. It may not know its own name
 * @returns an empty list if the answer has another form
 */
export function readSlots(answer: unknown, asked: Address): readonly SlotRange[] {
  if (!Array.isArray(answer)) return [];
  return answer.flatMap((range: unknown) => {
    const [from, to, master] = Array.isArray(range) ? range : [];
    const [host, port] = Array.isArray(master) ? master : [];
    if (!Number.isInteger(from) || !Number.isInteger(to) || !Number.isInteger(port)) return [];
    const isKnown = typeof host === 'string' && host !== '' && host !== '?';
    return [{ from, to, master: { host: isKnown ? host : asked.host, port, database: 0 } }];
  });
}

/**
 * Reads the error of a server that does not have a slot: `MOVED 3999 127.0.0.1:6381`.
 *
 * @returns undefined for another error
 */
export function readRedirect(
  error: unknown,
): { readonly kind: 'MOVED' | 'ASK'; readonly host: string; readonly port: number } | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  const [, kind, host = '', port] = /^(MOVED|ASK) \d+ (.*):(\d+)$/.exec(error.message) ?? [];
  return kind === 'MOVED' || kind === 'ASK' ? { kind, host, port: Number(port) } : undefined;
}
