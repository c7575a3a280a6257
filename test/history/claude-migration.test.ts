import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/store/driver.js';
import { STEPS } from '../store/earlier.js';
import { answer, createClaudeHome, SESSION } from './claude-family.js';

const AT_MS = Date.UTC(2026, 9, 1, 12);
const answerOf = (id: string, usage = {}) => answer({ id, second: 0, usage, line: { requestId: `req_${id}` } });

it('a record of an earlier version keeps its messages of Claude Code, and gets what that version passed over', async () => {
  const home = createClaudeHome();
  const searches = { server_tool_use: { web_search_requests: 2 } };
  const path = home.append(`${SESSION}.jsonl`, answerOf('msg_1', searches) + answerOf('msg_2'));
  const { size, mtimeMs } = statSync(path);
  const earlier = openDatabase(home.database);
  for (const step of STEPS.slice(0, 4)) earlier.exec(step);
  earlier.pragma('user_version = 4');
  earlier.exec(`
    INSERT INTO threads VALUES ('${SESSION}', 'claude', '${SESSION}', 'shop', 'main', NULL, NULL, ${AT_MS});
    INSERT INTO response_rows (provider, thread_id, response_key, model, input_tokens, cached_input_tokens,
      cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source, cost_nano_usd,
      completed_at_ms, recorded_at_ms)
    VALUES ('claude', '${SESSION}', 'msg_1:req_msg_1', 'claude-opus-5', 1000, 0, 0, 0, 100, 0, 'usage_record', 'actual',
      7500000, ${AT_MS}, 0);
    INSERT INTO buckets VALUES (${Math.floor(AT_MS / 900_000) * 900_000}, 'claude', 'shop', 'claude-opus-5', 'actual',
      1, 0, 1000, 0, 0, 100, 0, 7500000);`);
  earlier
    .prepare("INSERT INTO history_files VALUES (?, 'claude', ?, ?, ?, ?, NULL, 1, 0, NULL, 0)")
    .run(path, SESSION, size, mtimeMs, size);
  earlier.close();
  expect(await home.import()).toMatchObject({ filesRead: 1, added: 1, duplicates: 1 });
  expect(home.query('SELECT response_key AS key, cost_nano_usd AS cost FROM responses ORDER BY 1')).toEqual([
    { key: `msg_1@${AT_MS}`, cost: 27_500_000 },
    { key: `msg_2@${AT_MS}`, cost: 7_500_000 },
  ]);
  expect(home.query('SELECT sum(responses) AS responses, sum(cost_nano_usd) AS cost FROM buckets')).toEqual([
    { responses: 2, cost: 35_000_000 },
  ]);
});
