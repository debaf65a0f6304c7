/** The kinds of values that flags of oauth2-proxy take. */

/** The type of a flag's value. */
export type FlagKind = 'text' | 'boolean' | 'number' | 'duration' | 'list';
