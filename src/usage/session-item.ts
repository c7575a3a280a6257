import type { Usage } from './usage.js';

/** What an item of a session holds that takes tokens. It lives in memory only: it is never stored or logged. */
export interface ItemContent {
  /** `reasoning`: what the model thought, or a compaction's sealed summary; it can stand there in part or encrypted. */
  readonly kind: 'plain' | 'reasoning';
  readonly text: string;
  /** Length of what is encrypted, in characters of base64. */
  readonly sealedChars: number;
  readonly images: number;
}

/** One item of the conversation, as the model sees it. */
export interface ContextItem {
  /** Who made it: a user or developer message, what a tool answered, Codex's list of tools, or the model. */
  readonly from: 'message' | 'tool' | 'tool_list' | 'model';
  readonly content: ItemContent;
}

/** What a thread is for: the run itself, a sub-agent of it, or a review. Each is offered other tools. */
export type ThreadRole = 'main' | 'child' | 'review';

/** The header of a session file. */
export interface SessionHeader {
  readonly kind: 'session';
  readonly threadId: string;
  readonly cliVersion: string | undefined;
  readonly role: ThreadRole;
  /** Codex's instructions to the model. Undefined in files of Codex up to 0.80, which do not hold them. */
  readonly instructions: string | undefined;
  /** Where the conversation before this file stands: in the items of another thread that come before `endOrdinal`. */
  readonly historyBase: { readonly threadId: string; readonly endOrdinal: number } | undefined;
}

/** One line of a session file as the estimate needs it; `atMs`: when Codex wrote it, epoch milliseconds. */
export type SessionItem = { readonly atMs: number; readonly ordinal?: number | undefined } & SessionItemFact;

export type SessionItemFact =
  | SessionHeader
  | { readonly kind: 'turn_context'; readonly turnId: string | undefined; readonly model: string | undefined }
  | { readonly kind: 'turn_started'; readonly turnId: string | undefined }
  | {
      readonly kind: 'turn_ended';
      readonly turnId: string | undefined;
      readonly outcome: 'completed' | 'failed' | 'aborted';
    }
  | ({
      readonly kind: 'context_item';
      readonly turnId: string | undefined;
      /** The last item that the model had seen when this one was made. In 0.169; not in 0.160. */
      readonly sequence: number | undefined;
    } & ContextItem)
  /** A response's exact usage. */
  | { readonly kind: 'usage_record'; readonly threadId: string }
  /** The thread's total so far. Codex writes one such row at the end of a request, up to 0.125 one at its start too. */
  | { readonly kind: 'token_count'; readonly total: Usage | undefined }
  /** The conversation was replaced by a summary; `replacement` is undefined in Codex up to 0.101. */
  | {
      readonly kind: 'compacted';
      readonly message: string;
      readonly replacement: readonly ContextItem[] | undefined;
    };
