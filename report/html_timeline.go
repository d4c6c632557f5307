package report

import (
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/policy"
)

// The drawing, in units of its own. It scrolls where there is less room.
const (
	lineWidth  = 1080
	lineHeight = 96 // of the highest column
	lineLeft   = 12
	maxUnit    = 9 // height of one exception
)

// What is drawn: the year before the day that was judged, and the two after it. What ends
// earlier or later is in the table alone, and the drawing says so.
const (
	daysBefore  = 365
	daysAfter   = 730
	daysOfStack = 7
)

// stack is the exceptions that end in the same week.
type stack struct {
	week int // 0 is the first that is drawn
	n    map[expiry]int
}

// ends reports whether there is an exception that has an end.
func (p *page) ends() bool {
	return slices.ContainsFunc(p.held, ending)
}

func ending(h *held) bool { return h.expiry() != never }

// timeline shows when exceptions end, drawn and as a table of months.
func (p *page) timeline() {
	list := slices.DeleteFunc(slices.Clone(p.held), func(h *held) bool { return !ending(h) })
	if len(list) == 0 {
		return
	}
	p.open("expiries", "Expiries")
	if !p.today.IsZero() {
		p.drawing(list)
	}
	p.months(list)
	p.add("</section>\n")
}

// drawing draws a column for each week. It is one picture to a screen reader, which the
// table is the text of.
func (p *page) drawing(list []*held) {
	from, to := p.span(list)
	stacks, left, highest := stacked(list, from, to)
	weeks := to.DaysSince(from)/daysOfStack + 1
	step := float64(lineWidth-2*lineLeft) / float64(weeks)
	unit := min(maxUnit, float64(lineHeight)/float64(highest))
	x := func(day policy.Date) float64 { return lineLeft + float64(day.DaysSince(from))/daysOfStack*step }
	p.add(`<figure><div class="scroll" tabindex="0" role="group" aria-label="Time line"><svg class="line"`,
		attribute("viewBox", fmt.Sprintf("0 0 %d %d", lineWidth, lineHeight+46)),
		` role="img" aria-label="Exceptions by the week in which they end; the table has the same">`)
	p.ticks(from, to, x)
	for _, s := range stacks {
		y := float64(lineHeight) + 16
		for _, class := range []expiry{expired, soon, later} {
			n := s.n[class]
			if n == 0 {
				continue
			}
			h := float64(n) * unit
			y -= h
			p.add(`<rect class="`, markup(class), `"`, at("x", lineLeft+float64(s.week)*step), at("y", y), at("width", max(step-1, 1)), at("height", max(h-1, 1)), "/>")
		}
	}
	p.add("</svg></div>")
	p.add(`<figcaption class="legend">`, span("swatch expired"), "ended ", span("swatch soon"), "ends within 30 days ", span("swatch later"), "later",
		quiet(leftOut(left, highest)), "</figcaption></figure>\n")
}

func leftOut(left, highest int) markup {
	m := markup("A column is a week; the highest is of ") + plain(plural(highest, "exception")) + "."
	if left > 0 {
		m += " " + plain(plural(left, "exception")) + " that end more than a year before or two years after are in the table alone."
	}
	return m
}

// at returns an attribute of a drawing.
func at(name markup, v float64) markup { return attribute(name, fmt.Sprintf("%.1f", v)) }

// span returns the first and the last day that are drawn: whole months around today and
// the ends that are near enough, and half a year at least.
func (p *page) span(list []*held) (from, to policy.Date) {
	from, to = p.today.AddDays(-31), p.today.AddDays(182)
	for _, h := range list {
		end, _ := policy.ParseDate(h.x.Expires)
		days := end.DaysSince(p.today)
		if days < 0 && days >= -daysBefore && from.After(end) {
			from = end
		}
		if days > 0 && days <= daysAfter && end.After(to) {
			to = end
		}
	}
	return monthOf(from, 0), monthOf(to, 1)
}

// monthOf returns the first day of the month that is n months after the one of a day.
func monthOf(d policy.Date, n int) policy.Date {
	first := d.AddDays(1 - dayOfMonth(d))
	for range n {
		first = first.AddDays(32)
		first = first.AddDays(1 - dayOfMonth(first))
	}
	return first
}

func dayOfMonth(d policy.Date) int {
	s := d.String()
	return int(s[len(s)-2]-'0')*10 + int(s[len(s)-1]-'0')
}

// stacked counts what ends in each week, and what is left out.
func stacked(list []*held, from, to policy.Date) (stacks []stack, left, highest int) {
	for _, h := range list {
		end, _ := policy.ParseDate(h.x.Expires)
		if from.After(end) || end.After(to) {
			left++
			continue
		}
		week := end.DaysSince(from) / daysOfStack
		if len(stacks) == 0 || stacks[len(stacks)-1].week != week { // they are in order
			stacks = append(stacks, stack{week, map[expiry]int{}})
		}
		stacks[len(stacks)-1].n[h.expiry()]++
	}
	highest = 1
	for _, s := range stacks {
		highest = max(highest, s.n[expired]+s.n[soon]+s.n[later])
	}
	return stacks, left, highest
}

// ticks draws the axis, the beginnings of months, and today.
func (p *page) ticks(from, to policy.Date, x func(policy.Date) float64) {
	const base = lineHeight + 16
	p.add(`<line class="axis"`, at("x1", lineLeft), at("x2", lineWidth-lineLeft), at("y1", base), at("y2", base), "/>")
	every := max(1, to.DaysSince(from)/31/12+1)
	for i, m := 0, from; !m.After(to); i, m = i+1, monthOf(m, 1) {
		p.add(`<line class="axis"`, at("x1", x(m)), at("x2", x(m)), at("y1", base), at("y2", base+5), "/>")
		if i%every == 0 && to.DaysSince(m) > 20 {
			p.add(`<text class="tick"`, at("x", x(m)), at("y", base+20), ">", plain(m.String()[:len("2006-01")]), "</text>")
		}
	}
	p.add(`<line class="today"`, at("x1", x(p.today)), at("x2", x(p.today)), at("y1", 4), at("y2", base+5), "/>",
		`<text class="today"`, at("x", x(p.today)+5), at("y", 13), ">", plain(p.today.String()), "</text>")
}

// months is the time line as a table, with a link to each exception.
func (p *page) months(list []*held) {
	p.add(`<details class="months"><summary>As a table</summary>`)
	p.table("Exceptions by the month in which they end", "ends", "Month", "Exceptions", "Which")
	for len(list) > 0 {
		month := list[0].x.Expires[:len("2006-01")]
		n := slices.IndexFunc(list, func(h *held) bool { return h.x.Expires[:len("2006-01")] != month })
		if n < 0 {
			n = len(list)
		}
		var links []markup
		for _, h := range list[:n] {
			name := h.x.ID
			if h.part.name != "" {
				name = h.part.name + " " + name
			}
			links = append(links, el("li", "", to(h.anchor, plain(name)), " ", span("quiet", plain(h.x.Expires))))
		}
		p.add("<tr>", el("th", ` scope="row"`, plain(month)), el("td", ` class="number"`, number(n)), el("td", "", el("ul", "", links...)), "</tr>\n")
		list = list[n:]
	}
	p.add("</tbody></table></div></details>\n")
}
