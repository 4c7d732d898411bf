// All officers in one custom WebGL layer: two position buffers and one of looks.

import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from 'maplibre-gl';
import type { Fleet } from '../fleet/fleet';
import { MAP_COLOURS, rgb, STATUS_COLOURS } from './palette';
import { FRAGMENT, VERTEX } from './shaders';

const POINT_PX = { least: 16, most: 28 };
/** A glide shorter than this is not seen, so it is not drawn: a map of walkers costs one frame a second. */
const VISIBLE_PX = 0.75;
/** 25 frames a second are enough for dots, and spare the machine. */
const FRAME_MS = 40;
const TILE_PX = 512;

export interface OfficerLayerPorts {
  fleet: Fleet;
  serverNow: () => number;
  /** Under prefers-reduced-motion dots jump to their new places. */
  still: () => boolean;
}

export class OfficerLayer implements CustomLayerInterface {
  readonly id = 'officers';
  readonly type = 'custom' as const;
  readonly renderingMode = '2d' as const;
  selectedSlot = -1;

  private map: MapLibre | null = null;
  private program: WebGLProgram | null = null;
  private vertexArray: WebGLVertexArrayObject | null = null;
  private buffers: { from: WebGLBuffer; to: WebGLBuffer; look: WebGLBuffer } | null = null;
  private look = new Float32Array(0);
  private uploaded = -1;
  private frame: number | undefined;
  // Seconds since this moment fit a 32-bit float; Unix milliseconds do not.
  private readonly base: number;

  constructor(private readonly ports: OfficerLayerPorts) {
    this.base = ports.serverNow();
  }

  onAdd(map: MapLibre, gl: WebGL2RenderingContext): void {
    this.map = map;
    this.program = link(gl);
    this.vertexArray = gl.createVertexArray();
    this.buffers = { from: gl.createBuffer(), to: gl.createBuffer(), look: gl.createBuffer() };
    gl.bindVertexArray(this.vertexArray);
    attribute(gl, this.program, 'a_from', this.buffers.from, 2);
    attribute(gl, this.program, 'a_to', this.buffers.to, 2);
    attribute(gl, this.program, 'a_look', this.buffers.look, 3);
    gl.bindVertexArray(null);
    this.uploaded = -1;
  }

  onRemove(_map: MapLibre, gl: WebGL2RenderingContext): void {
    gl.deleteProgram(this.program);
    gl.deleteVertexArray(this.vertexArray);
    if (this.buffers) for (const buffer of Object.values(this.buffers)) gl.deleteBuffer(buffer);
    window.clearTimeout(this.frame);
    this.buffers = null;
    this.map = null;
  }

  /** Something moved: draw until the glide is over. */
  wake(): void {
    this.map?.triggerRepaint();
  }

  render(gl: WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const { fleet } = this.ports;
    if (!this.program || !this.buffers || fleet.count === 0) return;
    if (this.uploaded !== fleet.revision) this.upload(gl);
    const t = this.still() ? 1 : fleet.glide(performance.now());
    const { program } = this;
    gl.useProgram(program);
    gl.bindVertexArray(this.vertexArray);
    const at = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name);
    gl.uniformMatrix4fv(at('u_matrix'), false, this.matrix(input.defaultProjectionData.mainMatrix));
    gl.uniform1f(at('u_glide'), t);
    gl.uniform1f(at('u_size'), this.pointPx());
    gl.uniform1f(at('u_now'), (this.ports.serverNow() - this.base) / 1000);
    gl.uniform1i(at('u_selected'), this.selectedSlot);
    gl.uniform3fv(at('u_colours'), STATUS_COLOURS.flatMap(rgb));
    gl.uniform3fv(at('u_ground'), rgb(MAP_COLOURS.halo));
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.drawArrays(gl.POINTS, 0, fleet.count);
    gl.bindVertexArray(null);
    if (t < 1 && document.visibilityState === 'visible') {
      window.clearTimeout(this.frame);
      this.frame = window.setTimeout(() => this.wake(), FRAME_MS);
    }
  }

  private still(): boolean {
    const worldPx = TILE_PX * 2 ** (this.map?.getZoom() ?? 0);
    return this.ports.still() || this.ports.fleet.glideSpan * worldPx < VISIBLE_PX;
  }

  private upload(gl: WebGL2RenderingContext): void {
    const { fleet } = this.ports;
    if (!this.buffers) return;
    if (this.look.length < 3 * fleet.count) this.look = new Float32Array(3 * fleet.status.length);
    for (let slot = 0; slot < fleet.count; slot++) {
      const heading = fleet.heading[slot] ?? Number.NaN;
      this.look[3 * slot] = fleet.placed[slot] ? (fleet.status[slot] ?? 0) : 0;
      this.look[3 * slot + 1] = ((fleet.takenAt[slot] ?? 0) - this.base) / 1000;
      this.look[3 * slot + 2] = Number.isNaN(heading) ? -1 : heading;
    }
    fill(gl, this.buffers.from, fleet.from.subarray(0, 2 * fleet.count));
    fill(gl, this.buffers.to, fleet.to.subarray(0, 2 * fleet.count));
    fill(gl, this.buffers.look, this.look.subarray(0, 3 * fleet.count));
    this.uploaded = fleet.revision;
  }

  /** Positions are small offsets from the origin; the origin goes into the matrix in 64 bits. */
  private matrix(main: ArrayLike<number>): Float32Array {
    const { x, y } = this.ports.fleet.origin;
    const out = new Float32Array(16);
    for (let i = 0; i < 16; i++) out[i] = main[i] ?? 0;
    for (let i = 0; i < 4; i++) out[12 + i] = (main[i] ?? 0) * x + (main[4 + i] ?? 0) * y + (main[12 + i] ?? 0);
    return out;
  }

  private pointPx(): number {
    const zoom = this.map?.getZoom() ?? 10;
    const size = Math.max(POINT_PX.least, Math.min(POINT_PX.most, 16 + (zoom - 9) * 2.2));
    return size * window.devicePixelRatio;
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error('no shader');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) {
      throw new Error(`officer shader: ${gl.getShaderInfoLog(shader) ?? ''}`);
    }
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`officer shader: ${gl.getProgramInfoLog(program) ?? ''}`);
  }
  return program;
}

function attribute(
  gl: WebGL2RenderingContext,
  program: WebGLProgram,
  name: string,
  buffer: WebGLBuffer,
  size: number,
): void {
  const location = gl.getAttribLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(location);
  gl.vertexAttribPointer(location, size, gl.FLOAT, false, 0, 0);
}

function fill(gl: WebGL2RenderingContext, buffer: WebGLBuffer, data: Float32Array): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
}
