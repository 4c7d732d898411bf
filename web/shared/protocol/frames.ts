// Frames both sockets share (PROTOCOL §3). A page's own frames are in its own folder.

export const PROTOCOL_VERSION = 1;

/** Any frame of the server: narrowed by `type` where it is used. */
export interface Frame {
  type: string;
  [field: string]: unknown;
}

export interface Done extends Frame {
  type: 'done';
  ref: string;
}

export interface RefusedFrame extends Frame {
  type: 'refused';
  ref: string;
  code: string;
  title: string;
}

export type Answer = Done | RefusedFrame;

/** A command before it has an id. */
export interface Command {
  type: string;
  [field: string]: unknown;
}

export const CLOSE = {
  ticket: 4401,
  notPermitted: 4403,
  elsewhere: 4409,
  version: 4410,
} as const;

export function isAnswer(frame: Frame): frame is Answer {
  return (frame.type === 'done' || frame.type === 'refused') && typeof frame['ref'] === 'string';
}
