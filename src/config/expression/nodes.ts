/** Nodes of a parsed expression. */

/** A node of a parsed expression. */
export interface Node {
  readonly op: string;
  readonly args: unknown;
  /** Positions in the text: the operator or name, the first character, and the one after the last. */
  readonly pos: number;
  readonly start: number;
  readonly end: number;
  /** The type from the type check; absent if the check does not visit the node. */
  readonly checkedType?: { readonly kind: string; readonly type: string };
}

/** A part whose cost has no bound or exceeds the limit. */
export class CostError extends Error {
  readonly node: Node;

  constructor(message: string, node: Node) {
    super(message);
    this.node = node;
  }
}

const numbers = ['int', 'uint', 'double', 'google.protobuf.Timestamp', 'google.protobuf.Duration'];

/** Whether a value is a node. */
export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

/** The name after a dot, or the value of a string literal; undefined for anything else. */
export function literalOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isNode(value) && value.op === 'value' && typeof value.args === 'string' ? value.args : undefined;
}

/** The type of a node; `dyn` if unknown. */
export function typeOf(node: Node | undefined): string {
  return node?.checkedType?.type ?? 'dyn';
}

/** Whether a node is a number or a time. */
export function isNumber(node: Node): boolean {
  return numbers.includes(typeOf(node));
}

/** Whether a node may be a list or a map. */
export function mayBeCollection(node: Node | undefined): boolean {
  return !['primitive', 'message'].includes(node?.checkedType?.kind ?? 'dyn');
}
