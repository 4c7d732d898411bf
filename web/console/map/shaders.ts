// One point sprite an officer. The vertex shader glides it from its last to its newest place, so a
// smooth second costs the CPU nothing. Shape says the state as well as colour does.

export const VERTEX = `#version 300 es
uniform mat4 u_matrix;
uniform float u_glide;
uniform float u_size;
uniform float u_now;
uniform int u_selected;
uniform vec3 u_colours[6];
in vec2 a_from;
in vec2 a_to;
// status, seconds since the base when the fix was taken, heading in degrees or less than 0
in vec3 a_look;
flat out int v_status;
flat out float v_heading;
flat out float v_hollow;
flat out float v_alpha;
flat out float v_selected;
flat out vec3 v_colour;
void main() {
  int status = int(a_look.x + 0.5);
  float age = u_now - a_look.y;
  v_status = status;
  v_heading = a_look.z;
  v_hollow = age > 30.0 ? 1.0 : 0.0;
  v_alpha = age > 120.0 ? 0.45 : 1.0;
  v_selected = gl_VertexID == u_selected ? 1.0 : 0.0;
  v_colour = u_colours[clamp(status, 0, 5)];
  gl_Position = u_matrix * vec4(mix(a_from, a_to, u_glide), 0.0, 1.0);
  gl_PointSize = u_size * (v_selected > 0.5 ? 1.5 : 1.0);
  // Nobody off duty is drawn: outside the clip space the point costs nothing.
  if (status == 0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
flat in int v_status;
flat in float v_heading;
flat in float v_hollow;
flat in float v_alpha;
flat in float v_selected;
flat in vec3 v_colour;
uniform float u_size;
uniform vec3 u_ground;
out vec4 colour;

float shape(vec2 p) {
  vec2 q = abs(p);
  if (v_status == 1) return length(p) - 0.50;
  if (v_status == 2) return (q.x + q.y - 0.72) * 0.7071;
  if (v_status == 3) return max(q.x, q.y) - 0.46;
  if (v_status == 4) return max(q.x - 0.52, q.y - 0.20);
  vec2 r = abs(vec2(p.x + p.y, p.x - p.y)) * 0.7071;
  return min(max(r.x - 0.62, r.y - 0.17), max(r.y - 0.62, r.x - 0.17));
}

// A small nose in the direction of travel.
float nose(vec2 p) {
  if (v_heading < 0.0 || v_status > 3) return 1.0;
  float a = radians(v_heading);
  vec2 q = vec2(p.x * cos(a) + p.y * sin(a), -p.x * sin(a) + p.y * cos(a));
  return max(abs(q.x) * 0.9 + (-q.y - 0.92) * 0.55, q.y + 0.52);
}

void main() {
  vec2 p = gl_PointCoord * 2.0 - 1.0;
  float soft = 2.2 / u_size;
  float body = shape(p);
  float d = min(body, nose(p));
  float edge = 1.0 - smoothstep(0.10, 0.10 + soft, d);
  float fill = 1.0 - smoothstep(-soft * 0.5, soft * 0.5, d);
  float hole = v_hollow * (1.0 - smoothstep(-0.20, -0.20 + soft, body));
  if (v_status == 5) hole = 0.0;
  vec3 rgb = mix(u_ground, v_colour, fill * (1.0 - hole));
  float ring = v_selected * (1.0 - smoothstep(0.0, soft, abs(length(p) - 0.90) - 0.05));
  rgb = mix(rgb, vec3(1.0), ring);
  float alpha = max(edge * v_alpha, ring);
  if (alpha < 0.01) discard;
  colour = vec4(rgb * alpha, alpha);
}`;
