/** Whose usage it is: of Codex, of Claude Code, of Gemini CLI, or of a program that calls OpenAI's API itself. */
export const PROVIDERS = ['codex', 'claude', 'openai', 'gemini'] as const;
export type Provider = (typeof PROVIDERS)[number];
