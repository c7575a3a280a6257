import { styleText } from 'node:util';

export type Style = 'bold' | 'gray' | 'red' | 'yellow' | 'green';

/** Gives text a style, or leaves it alone when colours are not wanted. */
export type Paint = (style: Style, text: string) => string;

export const PLAIN: Paint = (_style, text) => text;

export const COLOURED: Paint = (style, text) => styleText(style, text, { validateStream: false });
