/** The header blocks of checks, as Envoy 1.40 sends them. The path is never in the table, in contrast to the rest. */

const bytes = (hex: string) => Buffer.from(hex.replace(/\s/g, ''), 'hex');

/** The first block of a connection. */
export const firstEnvoyBlock: Buffer = bytes(`
  83049f60b5773fa5d05b3b98855c76a675fbb2bc36a673d86f63498f5317a7293aff41871da99cf61bd96c8640027465
  864d833505b11f40899acac8b24d494f6a7f846c00053f5f8b1d75d0620d263d4c4d6564408cf2b16aee7f4b1aa496ca
  8747834d9697408bf2b4a7b3c0ec90b22d29ec870be25c0b89717f4096f2b16aee7f4b17cd65224b22d6765926a4a7b5
  2b528f836c0007`);

/** Each following block. */
export const nextEnvoyBlock: Buffer = bytes(
  '83049f60b5773fa5d05b3b98855c76a675fbb2bc36a673d86f63498f5317a7293affc486c3c2c1c0bfbe',
);
