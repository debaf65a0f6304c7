/** Nodes of a parsed expression. */

/** A node of a parsed expression, as far as costs are concerned. */
export interface Node {
  readonly op: string;
  readonly args: unknown;
  /** Where it stands in the text: its operator or name, its first character, the one behind its last. */
  readonly pos: number;
  readonly start: number;
  readonly end: number;
  /** The type that the check found; absent where it does not look. */
  readonly checkedType?: { readonly kind: string; readonly type: string };
}

/** An expression that has no bound, or must not have what it has. */
export class Unbounded extends Error {
  readonly node: Node;

  constructor(message: string, node: Node) {
    super(message);
    this.node = node;
  }
}

const numbers = ['int', 'uint', 'double', 'google.protobuf.Timestamp', 'google.protobuf.Duration'];

/** Whether something is a node. */
export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

/** The type of a node, as far as it is known. */
export function typeOf(node: Node | undefined): string {
  return node?.checkedType?.type ?? 'dyn';
}

/** Whether a node is a number or a time. */
export function isNumber(node: Node): boolean {
  return numbers.includes(typeOf(node));
}

/** Whether a part can be a list or a map. */
export function mayBeDeep(node: Node | undefined): boolean {
  return !['primitive', 'message'].includes(node?.checkedType?.kind ?? 'dyn');
}
