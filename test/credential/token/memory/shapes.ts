/** Shapes of tokens, for the measurement of their memory. */
import { randomBytes, randomUUID } from 'node:crypto';

const hex = (bytes: number) => randomBytes(bytes).toString('hex');

/** The claims of each shape, in addition to those that every token has. */
const shapes = {
  small: () => ({ sub: hex(4) }),
  /** With the others, 850 characters. */
  usual: () => ({
    sub: `user-${hex(4)}`,
    email: `${hex(6)}@example.com`,
    preferred_username: hex(6),
    groups: ['orders', 'customers'],
    scope: 'orders.read orders.write',
    name: `Person ${hex(6)}`,
    azp: 'shop',
  }),
  'a subject of 36 characters': () => ({
    sub: randomUUID(),
    email: `${hex(10)}@example.com`,
    scope: 'openid email profile',
  }),
  '4 KB': () => ({ sub: randomUUID(), email: `${hex(6)}@example.com`, more: hex(1_300) }),
  '16 KB': () => ({ sub: randomUUID(), email: `${hex(6)}@example.com`, more: hex(5_800) }),
  'many groups': () => ({ sub: randomUUID(), groups: Array.from({ length: 100 }, () => `team-${hex(8)}`) }),
  'own scopes': () => ({
    sub: randomUUID(),
    scope: Array.from({ length: 20 }, () => `read:${hex(8)}`).join(' '),
  }),
  'letters beyond U+00FF': () => ({ sub: `Ł${hex(8)}`, email: `${hex(6)}@example.com` }),
  bound: () => ({ sub: randomUUID(), cnf: { jkt: randomBytes(32).toString('base64url') } }),
} as const;

/** A shape of tokens. */
export type Shape = keyof typeof shapes;

/** All shapes. */
export const shapeNames = Object.keys(shapes) as readonly Shape[];

/** Whether a text names a shape. */
export function isShape(text: string): text is Shape {
  return Object.hasOwn(shapes, text);
}

/** Random claims of a shape. */
export function claimsOfShape(shape: Shape): object {
  return shapes[shape]();
}
