/** Reads the members of values that another process of this service has sealed, possibly of another version. */

/** Whether a value is a text that is not empty. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whether a value is a list of texts. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string');
}

/** Whether a value is a time since the epoch. */
export function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Whether a value is an origin as this service writes it (RFC 6454 section 6.2). */
export function isOrigin(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\/[^/?#@\s\\]+$/.test(value);
}
