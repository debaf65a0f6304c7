/** The pages of the login. Without script, in the language of the person, and without a name of this service. */
import { type Html, html } from '../../runtime/html.ts';
import type { FailedLogin, LoginPages } from '../login-pages.ts';
import { english } from './english.ts';
import { createFrame, type FrameOptions, type Show } from './frame.ts';
import { german } from './german.ts';
import { clockIcon, doneIcon, failureIcon, leaveIcon, lockIcon, personIcon } from './icons.ts';
import { type Language, languageOf } from './languages.ts';
import type { Texts } from './texts.ts';

/** The longest name that a page shows, in characters. */
const longestName = 120;

/** The pages of one language. */
type PagesOfLanguage = {
  readonly [K in keyof LoginPages]: (of: Parameters<LoginPages[K]>[0]) => ReturnType<LoginPages[K]>;
};

/** Creates the pages. The parts that do not depend on a request are made here, once. */
export function createLoginPages(): LoginPages {
  const pages: Readonly<Record<Language, PagesOfLanguage>> = {
    en: createPages('en', english),
    de: createPages('de', german),
  };
  return {
    choice: (of, languages) => pages[languageOf(languages)].choice(of),
    failed: (of, languages) => pages[languageOf(languages)].failed(of),
    signedIn: (of, languages) => pages[languageOf(languages)].signedIn(of),
    signedOut: (of, languages) => pages[languageOf(languages)].signedOut(of),
    confirmSignOut: (of, languages) => pages[languageOf(languages)].confirmSignOut(of),
    noAccess: (of, languages) => pages[languageOf(languages)].noAccess(of),
    needsSignIn: (of, languages) => pages[languageOf(languages)].needsSignIn(of),
  };
}

function createPages(language: Language, texts: Texts): PagesOfLanguage {
  const frame = (
    { title }: { readonly title: string },
    icon: Html,
    tone: FrameOptions['tone'],
    more: Partial<FrameOptions> = {},
  ): Show => createFrame({ language, title, icon, tone, ...more });
  const { choice, failed, signedIn, signedOut, confirmSignOut, noAccess, needsSignIn } = texts;
  const footer = (decision: string | undefined) =>
    decision !== undefined && html`\n<footer>${texts.decision} <code>${decision}</code></footer>`;

  const showChoice = frame(choice, personIcon, 'plain');
  const showFailed: Readonly<Record<FailedLogin, Show>> = {
    failed: frame(failed.failed, failureIcon, 'bad'),
    cancelled: frame(failed.cancelled, failureIcon, 'plain'),
    unavailable: frame(failed.unavailable, clockIcon, 'plain'),
    unfinished: frame(failed.unfinished, failureIcon, 'bad'),
    unreadable: frame(failed.unreadable, failureIcon, 'bad'),
    too_large: frame(failed.too_large, failureIcon, 'bad'),
  };
  const showSignedIn = frame(signedIn, doneIcon, 'good');
  const showSignedOut = frame(signedOut, doneIcon, 'good');
  const showConfirmSignOut = frame(confirmSignOut, leaveIcon, 'plain', { hasForm: true });
  const showNoAccess = frame(noAccess, lockIcon, 'plain');
  const showNeedsSignIn = {
    form: frame(needsSignIn.form, personIcon, 'plain'),
    frame: frame(needsSignIn.frame, personIcon, 'plain', { isFramed: true }),
  };

  return {
    choice: ({ issuers }) =>
      showChoice(
        () => html`<p>${choice.text}</p>
<ul>${issuers.map(
          ({ label, href }) =>
            html`\n<li><a href="${ownPath(href)}"><span class="mark" aria-hidden="true">${initialOf(label)}</span>${label}</a></li>`,
        )}
</ul>
</main>`,
      ),
    failed: ({ cause, signIn, part }) =>
      showFailed[cause](
        (decision) => html`<p>${failed[cause].text}</p>
${named(texts.part, part)}${button(failed[cause].action, signIn)}
</main>${footer(decision)}`,
      ),
    signedIn: ({ signOut }) =>
      showSignedIn(
        () => html`<p>${signedIn.text}</p>
${button(signedIn.action, signOut)}
</main>`,
      ),
    signedOut: ({ signIn, isOnlyHere }) =>
      showSignedOut(
        () => html`<p>${isOnlyHere ? signedOut.onlyHere : signedOut.text}</p>
${button(signedOut.action, signIn)}
</main>`,
      ),
    confirmSignOut: ({ action, stay }) =>
      showConfirmSignOut(
        () => html`<p>${confirmSignOut.text}</p>
<form method="post" action="${ownPath(action)}"><button class="button">${confirmSignOut.action}</button></form>
<a class="quiet" href="${ownPath(stay)}">${confirmSignOut.stay}</a>
</main>`,
      ),
    noAccess: ({ signOut, user }) =>
      showNoAccess(
        (decision) => html`<p>${noAccess.text}</p>
${named(noAccess.user, user)}${button(noAccess.action, signOut)}
</main>${footer(decision)}`,
      ),
    needsSignIn: ({ place, signIn }) =>
      showNeedsSignIn[place](() =>
        place === 'form'
          ? html`<p>${needsSignIn.form.text}</p>
<ol>${needsSignIn.form.steps.map((step) => html`\n<li>${step}</li>`)}
</ol>
<a class="button" href="${ownPath(signIn)}" target="_blank" rel="noopener">${needsSignIn.form.action}</a>
</main>`
          : html`<p>${needsSignIn.frame.text}</p>
<a class="button" href="${ownPath(signIn)}" target="_top">${needsSignIn.frame.action}</a>
</main>`,
      ),
  };
}

/** A name in a box; nothing without one. */
function named(text: string, name: string | undefined): Html | false {
  return name !== undefined && html`<p class="named">${text} <strong>${shortened(name)}</strong></p>\n`;
}

function button(text: string, href: string): Html {
  return html`<a class="button" href="${ownPath(href)}">${text}</a>`;
}

/** An address that can only be a path of this host. Everything else becomes `/`. */
function ownPath(address: string): string {
  return /^\/(?![/\\])/.test(address) ? address : '/';
}

function initialOf(label: string): string {
  return (Array.from(label.trim())[0] ?? '').toUpperCase();
}

function shortened(name: string): string {
  // A character has up to two code units.
  const characters = Array.from(name.slice(0, 2 * longestName + 2));
  return characters.length > longestName ? `${characters.slice(0, longestName - 1).join('')}…` : name;
}
