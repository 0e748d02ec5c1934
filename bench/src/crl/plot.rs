//! A line chart as SVG, both axes logarithmic.

use std::fmt::Write as _;

/// One line.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// A chart.
pub(crate) struct Plot {
    pub(crate) title: &'static str,
    pub(crate) x: &'static str,
    pub(crate) y: &'static str,
    pub(crate) curves: Vec<Curve>,
}

impl Plot {
    pub(crate) fn to_svg(&self) -> String {
        let all = || self.curves.iter().flat_map(|curve| &curve.points);
        let x = Axis::over(all().map(|point| point.0), LEFT, WIDTH - RIGHT);
        let y = Axis::over(all().map(|point| point.1), HEIGHT - BOTTOM, TOP);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"13\" role=\"img\" aria-label=\"{}\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
             <text x=\"{LEFT}\" y=\"24\" font-size=\"16\">{}</text>\n",
            self.title, self.title
        );
        for (at, label) in x.ticks() {
            line(&mut svg, (at, TOP), (at, HEIGHT - BOTTOM));
            text(&mut svg, (at, HEIGHT - BOTTOM + 18.0), "middle", &label);
        }
        for (at, label) in y.ticks() {
            line(&mut svg, (LEFT, at), (WIDTH - RIGHT, at));
            text(&mut svg, (LEFT - 8.0, at + 4.0), "end", &label);
        }
        text(&mut svg, (f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 12.0), "middle", self.x);
        text(&mut svg, (LEFT - 8.0, TOP - 10.0), "end", self.y);
        for (curve, (colour, dash)) in self.curves.iter().zip(STYLES) {
            let points: Vec<String> = curve
                .points
                .iter()
                .map(|point| format!("{:.1},{:.1}", x.place(point.0), y.place(point.1)))
                .collect();
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\" stroke-dasharray=\"{dash}\"/>",
                points.join(" ")
            );
        }
        for (at, name, colour) in self.labels(&x, &y) {
            let _ =
                writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{name}</text>", at.0, at.1);
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// A name at the end of each line, none on top of another.
    fn labels(&self, x: &Axis, y: &Axis) -> Vec<((f64, f64), &'static str, &'static str)> {
        let mut labels: Vec<_> = self
            .curves
            .iter()
            .zip(STYLES)
            .filter_map(|(curve, (colour, _))| {
                let last = curve.points.last()?;
                Some(((x.place(last.0) + 8.0, y.place(last.1) + 4.0), curve.name, colour))
            })
            .collect();
        labels.sort_by(|one, other| one.0.1.total_cmp(&other.0.1));
        let mut free = 0.0_f64;
        for ((_, at), ..) in &mut labels {
            *at = at.max(free);
            free = *at + LINE;
        }
        labels
    }
}

/// From one power of ten to another, over so many units of the drawing.
struct Axis {
    powers: (i32, i32),
    ends: (f64, f64),
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (least, most) =
            values.fold((f64::MAX, f64::MIN_POSITIVE), |(a, b), value| (a.min(value), b.max(value)));
        let powers = (least.log10().floor() as i32, most.log10().ceil() as i32);
        Self { powers, ends: (from, to) }
    }

    fn place(&self, value: f64) -> f64 {
        let (least, most) = (f64::from(self.powers.0), f64::from(self.powers.1));
        let share = (value.log10() - least) / (most - least).max(1.0);
        self.ends.0 + share * (self.ends.1 - self.ends.0)
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        (self.powers.0..=self.powers.1)
            .map(|power| {
                let value = 10_f64.powi(power);
                let label = match power {
                    6.. => format!("{} M", value / 1e6),
                    3..=5 => format!("{} k", value / 1e3),
                    _ => format!("{value}"),
                };
                (self.place(value), label)
            })
            .collect()
    }
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#ccc\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, at: (f64, f64), anchor: &str, text: &str) {
    let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{text}</text>", at.0, at.1);
}

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 480.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 230.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 60.0;
/// Between two lines of text.
const LINE: f64 = 17.0;
/// Told apart without colours, too.
const STYLES: [(&str, &str); 5] = [
    ("#0b6e4f", "none"),
    ("#8a4b08", "8 4"),
    ("#555555", "1 4"),
    ("#1d4e9e", "2 3"),
    ("#8b1a4a", "12 3 2 3"),
];
