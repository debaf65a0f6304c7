/** How the listener of the login gets its answers. */
import type { CheckRequest } from '../../model/check-request.ts';
import type { Decision } from '../../model/decision.ts';

/** Answers a request to a path of the login. Undefined if the path is none, or its host has no login. */
export type AnswerLogin = (request: CheckRequest) => Decision | Promise<Decision> | undefined;
