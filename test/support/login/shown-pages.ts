/** Every page of the login, with values that a test chooses. */
import type { LoginPages, ShownPage } from '../../../src/login/login-pages.ts';

/** Texts that run a script, or break out of an element or an attribute, if they are not escaped. */
export const hostileTexts = [
  '<script>window.attacked = 1</script>',
  '"><img src=x onerror="window.attacked=1">',
  "' onmouseover='window.attacked=1' autofocus onfocus='window.attacked=1",
  '</title></style></textarea><svg onload=window.attacked=1>',
  '--><script>window.attacked=1</script><!--',
  '&lt;script&gt;window.attacked=1&lt;/script&gt;',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text
  '`${window.attacked=1}`',
  '\u202E\u0000\uFEFF<\u200Bscript>',
  ']]><script>window.attacked=1</script>',
  'a" style="position:fixed" x="',
] as const;

/** The pages by their name. @param values.text every text; `path` every address */
export function pagesWith(
  pages: LoginPages,
  languages: string,
  { text, path }: { readonly text: string; readonly path: string },
): Readonly<Record<string, ShownPage>> {
  const failed = (
    ['failed', 'cancelled', 'unavailable', 'unfinished', 'unreadable', 'too_large'] as const
  ).map(
    (cause) => [`failed ${cause}`, pages.failed({ cause, signIn: path, part: text }, languages)] as const,
  );
  return {
    choice: pages.choice(
      {
        issuers: [
          { label: text, href: path },
          { label: text, href: path },
        ],
      },
      languages,
    ),
    ...Object.fromEntries(failed),
    signedIn: pages.signedIn({ signOut: path }, languages),
    signedOut: pages.signedOut({ signIn: path, isOnlyHere: false }, languages),
    'signedOut only here': pages.signedOut({ signIn: path, isOnlyHere: true }, languages),
    confirmSignOut: pages.confirmSignOut({ action: path, stay: path }, languages),
    noAccess: pages.noAccess({ signOut: path, user: text }, languages),
    'needsSignIn form': pages.needsSignIn({ place: 'form', signIn: path }, languages),
    'needsSignIn frame': pages.needsSignIn({ place: 'frame', signIn: path }, languages),
  };
}
