/** Asks the workers questions, and reads their answers. */
import { parseJson } from '../../runtime/parse-json.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { Ask, Questions } from '../questions.ts';
import type { AnswerMessage, AskMessage } from './protocol.ts';

/** How long a question waits for a worker, in milliseconds. */
const timeout = 1_000;

/** The longest answer, in characters. A longer one is not sent. */
const maxAnswer = 8 * 1024 * 1024;

/** The questions to one worker that have no answer yet. */
export interface OpenQuestions {
  /** Resolves with the answer, or with undefined if the worker does not answer in time, or cannot. */
  readonly ask: (name: keyof Questions, question: unknown) => Promise<unknown>;
  readonly answered: (message: AnswerMessage) => void;
  /** The worker exited, so no answer follows. */
  readonly end: () => void;
}

/** Creates the questions to a worker. */
export function createOpenQuestions(send: (message: AskMessage) => void, clock: Clock): OpenQuestions {
  const open = new Map<number, (answer: unknown) => void>();
  let requests = 0;
  let hasEnded = false;
  const settle = (request: number, answer: unknown) => {
    open.get(request)?.(answer);
    open.delete(request);
  };
  return {
    ask: (name, question) => {
      if (hasEnded) return Promise.resolve(undefined);
      const request = requests++;
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const cancel = clock.after(timeout, () => settle(request, undefined));
      open.set(request, resolve);
      send({ kind: 'ask', request, name, question });
      return promise.finally(cancel);
    },
    answered: ({ request, text }) => settle(request, text === undefined ? undefined : parseJson(text)),
    end: () => {
      hasEnded = true;
      for (const request of open.keys()) settle(request, undefined);
    },
  };
}

/** Creates the function that asks all workers that listen. */
export function createAskWorkers(members: () => readonly Pick<OpenQuestions, 'ask'>[]): Ask {
  return async (name, question, limit) => {
    const asked = members().slice(0, limit);
    const answers = await Promise.all(asked.map((member) => member.ask(name, question)));
    return answers.filter((answer) => answer !== undefined) as never;
  };
}

/** Answers a question in a worker. Never rejects. @param ask asks this process */
export async function answerMessage(
  { request, name, question }: AskMessage,
  ask: Ask,
): Promise<AnswerMessage> {
  try {
    // The main process sends only questions of this type.
    const [answer] = await ask(name, question as Questions[typeof name]['question']);
    const text = JSON.stringify(answer);
    return text.length > maxAnswer ? { kind: 'answer', request } : { kind: 'answer', request, text };
  } catch {
    return { kind: 'answer', request };
  }
}
