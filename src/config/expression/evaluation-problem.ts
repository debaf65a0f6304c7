/** Describes why the evaluation of an expression failed. The message of the library can have values of claims, so it is not used. */

/** The codes of the library's errors, in words. */
const codes: Readonly<Record<string, string>> = {
  no_such_key: 'it reads a member that does not exist',
  no_such_overload: 'an operator or a function gets a value of a wrong type',
  division_by_zero: 'it divides by zero',
  modulo_by_zero: 'it divides by zero',
  index_out_of_range: 'it reads past the end of a list',
  int_conversion_error: 'int() gets a value that is not a whole number',
  uint_conversion_error: 'uint() gets a value that is not a whole number',
  invalid_comparison_type: 'it compares values of types that have no order',
  invalid_timestamp: 'timestamp() gets a text that is not a time',
  numeric_overflow: 'a number is too large',
  optional_value_missing: 'an optional value is absent',
};

/** Texts of our own errors. They have no values. */
const ownTexts =
  /^(the (request|query|expression) [a-z0-9 ,]+|a list or a map cannot be the name of a member)$/;

/** The longest part of an expression in a text, in characters. */
const maxPart = 100;

/**
 * Describes an error of an evaluation.
 *
 * @param expression the text of the expression, from which the failed part is quoted
 */
export function evaluationProblem(error: unknown, expression: string): string {
  const { code, node, message, name } = Object(error) as Readonly<Record<string, unknown>>;
  if (typeof code === 'string') {
    const words = Object.hasOwn(codes, code) ? codes[code] : `error ${code.replaceAll(/\W/g, '')}`;
    const part = partOf(node, expression);
    return part === undefined ? String(words) : `${words}, in ${part}`;
  }
  if (typeof message === 'string' && ownTexts.test(message)) return message;
  if (typeof message === 'string' && message.endsWith(' comes more than once'))
    return 'it reads a query parameter or a header that comes more than once';
  return `it stopped with ${typeof name === 'string' ? name.replaceAll(/\W/g, '') : 'an error'}`;
}

function partOf(node: unknown, expression: string): string | undefined {
  const { start, end } = Object(node) as Readonly<Record<string, unknown>>;
  if (typeof start !== 'number' || typeof end !== 'number' || end <= start) return undefined;
  const part = expression.slice(start, end);
  return JSON.stringify(part.length > maxPart ? `${part.slice(0, maxPart)}…` : part);
}
