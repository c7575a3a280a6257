import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { readCodexHome } from '../config/paths.js';
import { type OtlpListener, openOtlpListener } from '../io/otlp-listener.js';
import type { TelemetryFacts } from '../meter/messages.js';
import type { CodexCommand } from '../process/argv.js';
import {
  mentionsTelemetry,
  type NoTelemetry,
  reportsThroughProxy,
  SECRET_HEADER,
  telemetryArgs,
  telemetryEnv,
} from '../process/telemetry.js';

/** The telemetry of a run that may keep no session file. */
export interface Telemetry {
  readonly facts: TelemetryFacts;
  /** Undefined where Codex is not asked for any. */
  readonly listener: OtlpListener | undefined;
  /** What Codex's arguments begin with, so that it reports to the meter. */
  readonly args: readonly string[];
  /** What is set in Codex's environment for it. */
  readonly env: NodeJS.ProcessEnv;
}

/** Prepares for Codex's telemetry, but where the user has said anything about telemetry or nothing would arrive. */
export async function prepareTelemetry(
  codexArgs: readonly string[],
  command: CodexCommand,
  cwd: string,
): Promise<Telemetry> {
  const { env } = process;
  const places = { codexHome: readCodexHome(env), cwd: resolve(cwd, command.cd ?? '.') };
  if (mentionsTelemetry(codexArgs, places)) return absent('own exporter');
  if (reportsThroughProxy(env)) return absent('proxy');
  const secret = randomBytes(32).toString('hex');
  try {
    const listener = await openOtlpListener();
    return {
      facts: { kind: 'connected', secret: { header: SECRET_HEADER, value: secret } },
      listener,
      args: telemetryArgs(listener.endpoint),
      env: telemetryEnv(secret, env, command),
    };
  } catch {
    return absent('no port');
  }
}

function absent(reason: NoTelemetry): Telemetry {
  return { facts: { kind: 'absent', reason }, listener: undefined, args: [], env: {} };
}
