/** Banned words and phrases, each with its replacement. */

/** A banned phrase. */
export interface Term {
  /** The pattern of the phrase. With the flag `i`, matching ignores case. */
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
  {
    pattern: /\b(?:everybody|nobody|anybody|somebody)\b(?!["'\]\\\n])/i,
    instead: 'who it is: "every client", "no user"',
  },
  { pattern: /\bwhoever\b/i, instead: 'who it is: "the client", "the operator"' },
  { pattern: /\bwhatever\b/i, instead: '"regardless of", "any" or "every"' },
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
  { pattern: /\be-mails?\b/i, instead: '"email"' },
  {
    pattern:
      /\b(?:behaviours?|colour(?:s|ed|ful)?|cancell(?:ed|ing)|labell(?:ed|ing)|honours?|favours?|licences?)\b/i,
    instead: 'the spelling of the United States',
  },
  {
    pattern:
      /\b(?:(?:de)?seriali|normali|authori|initiali|recogni|optimi|minimi|maximi|summari)s(?:e[drs]?|ing|ation)\b/i,
    instead: '"-ize", the spelling of the United States',
  },
  // The case matters: "ID" is right, and "id" is a name in code.
  {
    pattern:
      /\b(?:key|request|process|client|user|object|token|stream|unique|Key|Request|Process|Client) ids?\b/,
    instead: '"ID"',
  },
  { pattern: /\blook-ups?\b/i, instead: '"lookup"' },
  { pattern: /\bends? as (?=`|x{3})/i, instead: '"ends with", or "is denied as"' },
  { pattern: /\bin vain\b/i, instead: 'what did not happen: "without a response"' },
  { pattern: /\band the like\b/i, instead: '"and similar …", or the list' },
  { pattern: /\b(?:no|not|nothing|none|never)\b[^.;:]{0,30} at all\b/i, instead: 'nothing' },
  { pattern: /\bby (?:itself|themselves)\b/i, instead: '"automatically" or "alone"' },
  { pattern: /\bthe same holds\b/i, instead: '"the same applies to", or the sentence again' },
  { pattern: /\bonly where\b|\bwhere (?:no|none|there|one|all)\b/i, instead: '"if"' },
  { pattern: /[,;] else\b(?! \w+=)/i, instead: '"otherwise"' },
  { pattern: /\bas (?:it is|they are)(?=[.,;:)]|$)/i, instead: '"unchanged"' },
  { pattern: /\b(?:e\.g\.|i\.e\.|etc\.)/i, instead: '"for example", "that is" or the list' },
];
