import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

// Our own blue: the framework's fails the contrast of AA on filled buttons. Shade 7 on white is 7.9:1.
const key: MantineColorsTuple = ["#eef0ff", "#dcdff9", "#b6bcee", "#8e97e4", "#6d77dc", "#5863d7", "#4c58d0", "#3d48b8", "#343fa5", "#293492"];

export const theme = createTheme({
  colors: { key },
  primaryColor: "key",
  primaryShade: { light: 7, dark: 7 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: "sm",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  components: {
    // A link inside a sentence must not be told by its colour alone.
    Anchor: { defaultProps: { underline: "always" } },
    // The menu's own focus placeholder is a child that a menu may not have.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    // What opens a list is a key or a click, not that somebody came by on the way to another field.
    Select: { defaultProps: { openOnFocus: false } },
    Tooltip: { defaultProps: { openDelay: 200 } },
    // A dialog's header is no banner of the page; what closes something has a name.
    Modal: { defaultProps: { attributes: { header: { role: "presentation" } }, closeButtonProps: { "aria-label": "Close" } } },
    Drawer: { defaultProps: { attributes: { header: { role: "presentation" } }, closeButtonProps: { "aria-label": "Close" } } },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
    // A state is a word like others, not a shout. Light badges miss the contrast of AA with the framework's text colour.
    Badge: {
      styles: { root: { textTransform: "none" } },
      vars: (_: unknown, props: { variant?: string; color?: string }) => ({
        root: props.variant === "light" ? { "--badge-color": `light-dark(var(--mantine-color-${props.color ?? "key"}-light-color), var(--mantine-color-${props.color ?? "key"}-1))` } : {},
      }),
    },
  },
});

/** Badges, alerts and buttons on a light tint of their colour: the framework's text on it has 3.6 to 4.3:1. */
function onLight(colors: string[]): Record<string, string> {
  return Object.fromEntries(colors.map((c) => [`--mantine-color-${c}-light-color`, `color-mix(in srgb, var(--mantine-color-${c}-9) 65%, black)`]));
}

/** In the dark the framework's tints are as loud as filled things: a breath of the colour is enough to tell them apart. */
function onDark(colors: string[]): Record<string, string> {
  const tint = (c: string, part: number) => `color-mix(in srgb, var(--mantine-color-${c}-9) ${part}%, var(--mantine-color-body))`;
  return Object.fromEntries(colors.flatMap((c) => [[`--mantine-color-${c}-light`, tint(c, 18)], [`--mantine-color-${c}-light-hover`, tint(c, 30)]]));
}

const alarm = { "--mantine-color-red-filled": "#c22a2a", "--mantine-color-red-filled-hover": "#a82323" };

/** What the framework's colours miss of AA's contrast: dimmed text (5.9:1 and 7.2:1 here), text on light, white on red. */
export const variables: CSSVariablesResolver = (theme) => ({
  variables: {},
  light: { ...onLight(Object.keys(theme.colors)), ...alarm, "--mantine-color-error": "#c92a2a", "--mantine-color-dimmed": "#5c636a", "--mantine-color-placeholder": "#6b7178" },
  dark: { ...onDark(Object.keys(theme.colors)), ...alarm, "--mantine-color-error": "#ff8787", "--mantine-color-anchor": "#9aa2ea", "--mantine-color-dimmed": "#a6abb2", "--mantine-color-placeholder": "#969ca3" },
});
