/** The option for a host, or for every host below a domain. */
import { z } from '../schema/schema.ts';
import { hostPatternProblem } from './host-patterns.ts';

/** Its schema. */
export const host = () =>
  z
    .string()
    .superRefine((value, context) => {
      const message = hostPatternProblem(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ title: 'a host, or *. and a domain, with or without a port' });
