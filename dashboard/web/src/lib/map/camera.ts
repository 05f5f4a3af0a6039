// Where a still map looks: Web Mercator, as the map engine has it. Pure.
import type { Bounds } from "./features";

/** The middle as shares of the world's width from its north-western corner, and how many pixels wide the world is. */
export interface Camera {
  x: number;
  y: number;
  scale: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

type Point = readonly [number, number];

const TILE = 512;
const POLE = 85.0511;
const LEAST_ZOOM = 1;
const MOST_ZOOM = 16;

export const scaleOf = (zoom: number): number => TILE * 2 ** zoom;
export const zoomOf = ({ scale }: Pick<Camera, "scale">): number => Math.log2(scale / TILE);

const held = (scale: number): number => Math.min(scaleOf(MOST_ZOOM), Math.max(scaleOf(LEAST_ZOOM), scale));

/** A place as shares of the world's width. */
export function mercator([lon, lat]: Point): [number, number] {
  const sine = Math.sin((Math.min(POLE, Math.max(-POLE, lat)) * Math.PI) / 180);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** The pixel of a point that `mercator` gave. */
export function pixelOf(camera: Camera, { width, height }: Size, [x, y]: Point): [number, number] {
  return [(x - camera.x) * camera.scale + width / 2, (y - camera.y) * camera.scale + height / 2];
}

/** All of the box within the padding. */
export function fitted([west, south, east, north]: Bounds, { width, height }: Size, { top, right, bottom, left }: Padding): Camera {
  const [[x1, y1], [x2, y2]] = [mercator([west, north]), mercator([east, south])];
  const room = { width: Math.max(1, width - left - right), height: Math.max(1, height - top - bottom) };
  const scale = held(Math.min(room.width / Math.max(x2 - x1, Number.EPSILON), room.height / Math.max(y2 - y1, Number.EPSILON)));
  return { x: (x1 + x2) / 2 + (right - left) / 2 / scale, y: (y1 + y2) / 2 + (bottom - top) / 2 / scale, scale };
}

/** The ground moves with the hand. */
export function moved(camera: Camera, right: number, down: number): Camera {
  return { ...camera, x: camera.x - right / camera.scale, y: Math.min(1, Math.max(0, camera.y - down / camera.scale)) };
}

export function zoomed(camera: Camera, by: number): Camera {
  return { ...camera, scale: held(camera.scale * by) };
}
