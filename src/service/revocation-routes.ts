/**
 * The routes of the deny list in the store: `GET /revocations`, `POST /revocations` and `DELETE /revocations/<id>`. Their code is loaded at
 * the first request.
 */
import type { AdminRoute } from '../transport/admin/route.ts';
import type { RevocationAnswers, RevocationAnswersDependencies } from './revocations/answers.ts';

/** Creates the routes. */
export function createRevocationRoutes(dependencies: RevocationAnswersDependencies): readonly AdminRoute[] {
  let loaded: Promise<RevocationAnswers> | undefined;
  const answerWith =
    (name: keyof RevocationAnswers): AdminRoute['handle'] =>
    async (request) => {
      loaded ??= loadAnswers(dependencies);
      return (await loaded)[name](request);
    };
  return [
    { method: 'GET', path: '/revocations', guarded: true, handle: answerWith('list') },
    { method: 'POST', path: '/revocations', guarded: true, handle: answerWith('add') },
    { method: 'DELETE', path: '/revocations/', guarded: true, handle: answerWith('lift') },
  ];
}

async function loadAnswers(dependencies: RevocationAnswersDependencies): Promise<RevocationAnswers> {
  const { createRevocationAnswers } = await import('./revocations/answers.ts');
  return createRevocationAnswers(dependencies);
}
