/** The console with the state of the service. Loaded only if `admin.console.enabled` is true. */
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config/declare/options.ts';
import { hasShadowMode } from '../config/rules/shadow-mode.ts';
import type { IssuerRegistry } from '../issuer/registry.ts';
import { mergeDenials } from '../observe/recent-denials.ts';
import type { CheckSampler } from '../observe/recent-checks.ts';
import type { Logger } from '../observe/logger.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { version } from '../runtime/version.ts';
import type { ConsoleContent, ConsoleState, IssuerView, RuleView } from '../transport/console/content.ts';
import { mostDenials } from '../transport/console/denials-page.ts';
import { createConsole } from '../transport/console/server.ts';
import type { BoundAddress, Listener } from '../transport/shared/listener.ts';
import type { RequestHandler } from '../transport/shared/web-server.ts';
import { certificatesOf } from './certificate-ends.ts';
import type { CheckService } from './check-service.ts';
import type { ReloadProblems } from './reload-problems.ts';

