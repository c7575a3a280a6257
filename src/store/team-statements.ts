import { RESPONSE_COUNTERS } from '../usage/counters.js';
import { replaceCounters } from './counter-columns.js';

/* SQL by which team.ts writes what was pulled. */

// Command and folder do not leave a machine.
export const PUT_INVOCATION = `
  INSERT INTO invocations (id, origin, project_id, run_id, phase, iteration, attribution, command, cwd, codex_version, status,
    exit_code, signal, started_at_ms, ended_at_ms, surroundings)
  VALUES (@id, 'pulled', @projectId, @runId, @phase, @iteration, @origins, '', '', @codexVersion, @status,
    @exitCode, @signal, @startedAtMs, @endedAtMs, @surroundings)
  ON CONFLICT (id) DO UPDATE SET project_id = excluded.project_id, run_id = excluded.run_id, phase = excluded.phase,
    iteration = excluded.iteration, codex_version = excluded.codex_version, status = excluded.status,
    exit_code = excluded.exit_code, signal = excluded.signal, started_at_ms = excluded.started_at_ms,
    ended_at_ms = excluded.ended_at_ms, surroundings = excluded.surroundings`;

export const PUT_RESPONSE = `
  INSERT INTO response_rows (invocation_id, provider, thread_id, response_key, model, service_tier,
    ${RESPONSE_COUNTERS.map(({ column }) => column).join(', ')}, evidence, source, cost_nano_usd, completed_at_ms,
    recorded_at_ms, cost_extent)
  VALUES (@invocationId, @provider, @threadId, @key, @model, @serviceTier,
    ${RESPONSE_COUNTERS.map(({ name }) => `@${name}`).join(', ')}, @evidence, @source, @costNanoUsd, @completedAtMs,
    @now, @costExtent)
  ON CONFLICT DO UPDATE SET invocation_id = excluded.invocation_id, thread_id = excluded.thread_id, model = excluded.model,
    provider = excluded.provider, service_tier = excluded.service_tier, ${replaceCounters(RESPONSE_COUNTERS)}, evidence = excluded.evidence,
    source = excluded.source, cost_nano_usd = excluded.cost_nano_usd, cost_extent = excluded.cost_extent,
    recorded_at_ms = excluded.recorded_at_ms`;

export const PUT_THREAD = `
  INSERT INTO threads (id, provider, root_id, project_id, kind, started_at_ms, surroundings)
  VALUES (@id, @provider, @id, @projectId, 'main', @completedAtMs, @surroundings)
  ON CONFLICT (id) DO UPDATE SET started_at_ms = min(started_at_ms, excluded.started_at_ms)`;

/** The thread of an invocation begins with its first response. Without threads, a response has the id of its invocation there. */
export const SET_THREAD = `
  UPDATE invocations SET thread_id = (
    SELECT r.thread_id FROM response_rows r WHERE r.invocation_id = @id AND r.thread_id <> @id ORDER BY r.completed_at_ms, r.id LIMIT 1)
  WHERE id = @id`;
