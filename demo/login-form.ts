/** The login form of the demo's issuer: a name, and no password. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Provider } from 'oidc-provider';

/** The path of the form, before the ID of the login. */
export const interactionPath = '/sign-in/';

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 20rem; margin: 15vh auto; padding: 0 1rem }
  input, button { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; margin: .25rem 0 1rem }
</style>
<main>
  <h1>Demo issuer</h1>
  <form method="post">
    <label>Your name <input name="name" value="alice" required maxlength="40" autofocus></label>
    <button>Sign in</button>
  </form>
</main>
`;

/** The account of a name: without accents, because a header carries ASCII only. */
function accountOf(name: string): string {
  const letters = name.normalize('NFKD').replaceAll(/[^A-Za-z0-9 ._-]/g, '');
  return letters.trim().slice(0, 40) || 'guest';
}

/** Shows the form, and signs the person in who sends it. @returns whether the request was for the form */
export async function answerLoginForm(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (request.url?.startsWith(interactionPath) !== true) return false;
  if (request.method !== 'POST') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    return true;
  }
  const name = new URLSearchParams(await text(request)).get('name') ?? '';
  await provider.interactionFinished(request, response, { login: { accountId: accountOf(name) } });
  return true;
}
