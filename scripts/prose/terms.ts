/** Banned words and phrases, each with its replacement. */

/** A banned phrase. */
export interface Term {
  /** The pattern of the phrase. Matching ignores case. */
  readonly pattern: RegExp;
  /** The replacement. */
  readonly instead: string;
}

/** All banned phrases. Each pattern includes its word boundaries. */
export const terms: readonly Term[] = [
  {
    pattern: /\b(?<!there )(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|different\b)\w+/i,
    instead: '"is not a …" or "invalid …"',
  },
  { pattern: /\b(?:has|have) not(?=[.,;:)]|$)/i, instead: '"does not have"' },
  { pattern: /\b(?:has|have) not (?:a|an|the|any)\b/i, instead: '"does not have"' },
  { pattern: /\bgo(?:es)? on\b/i, instead: '"continues"' },
  { pattern: /\bbecomes? of\b/i, instead: 'the name of the change or of the result' },
  { pattern: /\bof which (?:one|each|none|some|all|nobody|the)\b/i, instead: 'two sentences' },
  { pattern: /\b(?:comes?|came) to nothing\b/i, instead: '"fails"' },
  { pattern: /\bmade[ -]up\b/i, instead: '"forged" or "invented"' },
  { pattern: /\b(?:dear|dearer|dearest)\b/i, instead: '"expensive"' },
  { pattern: /\bremembered\b/i, instead: '"cached"' },
  { pattern: /\btaken (?:for|up)\b/i, instead: '"treated as" or "loaded"' },
  { pattern: /\b(?:is|are|be|been|was|were) (?:told|spoken)\b/i, instead: '"logged", "reported" or "used"' },
  { pattern: /\btells? of\b/i, instead: '"reports"' },
  { pattern: /\b(?:mend|mends|mended)\b/i, instead: '"fix"' },
  { pattern: /\bbeside\b/i, instead: '"with", "next to" or "in addition to"' },
  { pattern: /\beverybody\b/i, instead: 'who it is: "every client", "every user"' },
  { pattern: /\bwhoever\b/i, instead: 'who it is: "the client", "the operator"' },
  {
    pattern: /\b(?:lets?|letting|is let|are let) (?:in|through|pass)\b/i,
    instead: '"allows" or "is allowed"',
  },
  { pattern: /\bcalm(?:s|ed)? down\b/i, instead: 'the state' },
  { pattern: /\bto the letter\b/i, instead: '"exactly"' },
  { pattern: /\b(?:hence|thus|thereby|whereby|wherein|thereof|therein)\b/i, instead: 'a new sentence' },
  {
    pattern: /\bdouble-check\b|\bplease note\b|\bin order to\b|\bneedless to say\b/i,
    instead: 'nothing, or "to"',
  },
  { pattern: /\b(?:simply|obviously|basically|of course)\b/i, instead: 'nothing' },
  { pattern: /\bwill be\b/i, instead: 'the present tense' },
  { pattern: /\b(?:whitelist|blacklist)(?![-_.]|s?")/i, instead: '"allow list" or "deny list"' },
  { pattern: /\bvia\b/i, instead: '"through", "by" or "over"' },
  { pattern: /\b(?:e\.g\.|i\.e\.|etc\.)/i, instead: '"for example", "that is" or the list' },
];
