/* SPDX-License-Identifier: Apache-2.0 */
/* The SVG of policy/review/chart.h. */
#include "policy/decide/geo.h"
#include "policy/review/chart.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

/* The map is WIDTH by HEIGHT; under it stands what the letters mean. */
enum {
	WIDTH = 1000,
	HEIGHT = 500,
	LINE = 22,
	COUNTRIES_NAMED = 5,
	DOTS_DRAWN = 400, /* the rest is too small to be seen */
};

/* Of a dot; in the least a letter has room.  What is smaller than DUST would
 * hide the rest, and has none. */
static const double RADIUS_MOST = 40, RADIUS_LEAST = 7, RADIUS_DUST = 2.5;

/* How far arrows bend, at least: regions may be neighbours. */
static const double BEND_LEAST = 40;

/* Light fills, so that black letters read on them in either mode. */
static const char style[] =
	".sea{fill:#f7f7f5}.grid{stroke:#dcdcd8;stroke-width:.5;fill:none}"
	".land{fill:#bdbdb6}.ink{fill:#222;font:13px sans-serif}"
	".name{fill:#222;font:bold 12px sans-serif;stroke:#f7f7f5;"
	"stroke-width:3;paint-order:stroke}.region{fill:#222}"
	".letter{fill:#000;font:bold 11px sans-serif;text-anchor:middle}"
	".dot{stroke:#333;stroke-width:.7;fill-opacity:.85}"
	".arrow{fill:none;stroke:#333;stroke-width:1.6}.head{fill:#333}"
	".w0{fill:#8cc5f2}.w1{fill:#f7b26a}.w2{fill:#7fd1ae}.w3{fill:#eba9d2}"
	".w4{fill:#f2dd6e}.w5{fill:#c3b2f2}.w6{fill:#b9d96b}.w7{fill:#f29b94}"
	".w8{fill:#d5d5d5}"
	"@media(prefers-color-scheme:dark){.sea{fill:#15181c}"
	".grid{stroke:#2a2f36}.land{fill:#4a5058}.ink{fill:#e6e6e6}"
	".name{fill:#f2f2f2;stroke:#15181c}.region{fill:#f2f2f2}"
	".dot{stroke:#ddd}.arrow{stroke:#ddd}.head{fill:#ddd}}";

/* As the content of an element or a value of an attribute.  What is not UTF-8,
 * or no character of XML, becomes a question mark. */
static void put_text(const char *text, FILE *out)
{
	json_t *word = json_string(text); /* checks that it is UTF-8 */
	bool sound = word != NULL;

	json_decref(word);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f || (c > 0x7f && !sound))
			fputc('?', out);
		else if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '&')
			fputs("&amp;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else
			fputc(c, out);
	}
}

static double x_of(double longitude)
{
	return (longitude + 180) / 360 * WIDTH;
}

static double y_of(double latitude)
{
	return (90 - latitude) / 180 * HEIGHT;
}

static char letter_of(size_t way)
{
	return way == CHART_WAYS ? '+' : (char)('A' + way);
}

static void put_way(const struct chart *c, size_t way, FILE *out)
{
	if (way == CHART_WAYS) {
		fputs("other ways", out);
		return;
	}
	put_text(chart_region(c->before, c->ways[way].from), out);
	fputs(" → ", out);
	put_text(chart_region(c->after, c->ways[way].to), out);
}

static void draw_head(const struct chart *c, int height, FILE *out)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d "
		"%d\" role=\"img\" aria-labelledby=\"title desc\">\n"
		"<title id=\"title\">Who moves: %.2f %% ",
		WIDTH, height, c->moved_pct);
	put_text(c->of_what, out);
	fputs("</title>\n<desc id=\"desc\">From ", out);
	put_text(c->before->subject->path, out);
	fputs(" to ", out);
	put_text(c->after->subject->path, out);
	for (size_t i = 0; i < c->way_count; i++) {
		fprintf(out, "; %c, ", letter_of(i));
		put_way(c, i, out);
		fprintf(out, ", %.2f %%", c->ways[i].pct);
	}
	fprintf(out,
		".</desc>\n<style>%s</style>\n<defs><marker id=\"head\" "
		"viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
		"markerHeight=\"7\" orient=\"auto\"><path class=\"head\" "
		"d=\"M0 0 8 4 0 8z\"/></marker></defs>\n"
		"<rect class=\"sea\" width=\"%d\" height=\"%d\"/>\n",
		style, WIDTH, height);
}

/* Every 30 degrees, and a dot in each cell where there are clients. */
static void draw_ground(const struct chart *c, FILE *out)
{
	const struct geo *geo = c->after->subject->geo;

	fputs("<path class=\"grid\" d=\"", out);
	for (int lon = -180; lon <= 180; lon += 30)
		fprintf(out, "M%.1f 0V%d", x_of(lon), HEIGHT);
	for (int lat = -90; lat <= 90; lat += 30)
		fprintf(out, "M0 %.1fH%d", y_of(lat), WIDTH);
	fputs("\"/>\n<path class=\"land\" d=\"", out);
	for (size_t i = 0; i < geo_class_count(geo); i++) {
		const struct client_class *class = geo_class(geo, (uint16_t)i);

		if (class->located)
			fprintf(out, "M%.1f %.1fh3v3h-3z",
				x_of(class->longitude) - 1.5,
				y_of(class->latitude) - 1.5);
	}
	fputs("\"/>\n", out);
}

/* By area; all that moves would be as large as may be. */
static double radius_of(const struct chart *c, const struct chart_dot *dot)
{
	double r = RADIUS_MOST * sqrt(dot->pct / c->moved_pct);

	if (r < RADIUS_DUST)
		return RADIUS_DUST;
	return r < RADIUS_LEAST ? RADIUS_LEAST : r;
}

/* Its first dot, the greatest, is in the middle of a country; the others stand
 * around that, for each letter to be seen. */
static void find_spot(const struct chart *c, size_t dot, double *x, double *y)
{
	static const double steps = 1.1, start = -0.8; /* radians */
	const struct chart_dot *d = &c->dots[dot];
	const struct chart_dot *first = NULL;
	unsigned before = 0;

	for (size_t i = 0; i < dot; i++) {
		if (strcmp(c->dots[i].country, d->country) != 0)
			continue;
		if (before++ == 0)
			first = &c->dots[i];
	}
	*x = x_of(d->longitude);
	*y = y_of(d->latitude);
	if (first == NULL)
		return;
	*x += radius_of(c, first) * cos(start + steps * before);
	*y += radius_of(c, first) * sin(start + steps * before);
}

static void draw_dot(const struct chart *c, size_t number, FILE *out)
{
	const struct chart_dot *dot = &c->dots[number];
	double x, y, r = radius_of(c, dot);

	find_spot(c, number, &x, &y);
	fprintf(out,
		"<g><title>%s: %c, %.2f %%</title><circle class=\"dot w%zu\" "
		"cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>",
		dot->country, letter_of(dot->way), dot->pct, dot->way, x, y, r);
	if (r >= RADIUS_LEAST)
		fprintf(out,
			"<text class=\"letter\" x=\"%.1f\" y=\"%.1f\">%c"
			"</text>",
			x, y + 4, letter_of(dot->way));
	fputs("</g>\n", out);
}

/* Bent to the right, so that both directions can be seen. */
static void draw_arrow(const struct chart *c, size_t way, FILE *out)
{
	const struct chart_way *w = &c->ways[way];
	const struct policy_region *from, *to;
	double x[2], y[2], bend[2], middle[2], far, part;

	if (way == CHART_WAYS || w->from == CHART_NOBODY ||
	    w->to == CHART_NOBODY)
		return;
	from = &c->before->subject->policy->regions[w->from];
	to = &c->after->subject->policy->regions[w->to];
	x[0] = x_of(from->longitude);
	y[0] = y_of(from->latitude);
	x[1] = x_of(to->longitude);
	y[1] = y_of(to->latitude);
	far = fmax(hypot(x[1] - x[0], y[1] - y[0]), 1);
	part = fmax(far / 4, BEND_LEAST) / far;
	bend[0] = (x[0] + x[1]) / 2 - (y[1] - y[0]) * part;
	bend[1] = (y[0] + y[1]) / 2 + (x[1] - x[0]) * part;
	/* A quadratic curve is there halfway. */
	middle[0] = (x[0] + 2 * bend[0] + x[1]) / 4;
	middle[1] = (y[0] + 2 * bend[1] + y[1]) / 4;
	fprintf(out,
		"<g><path class=\"arrow\" marker-end=\"url(#head)\" "
		"d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\"/><circle class=\"dot "
		"w%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"7\"/><text "
		"class=\"letter\" x=\"%.1f\" y=\"%.1f\">%c</text></g>\n",
		x[0], y[0], bend[0], bend[1], x[1], y[1], way, middle[0],
		middle[1], middle[0], middle[1] + 4, letter_of(way));
}

static void draw_region(const struct policy_region *region, const char *mark,
			FILE *out)
{
	double x = x_of(region->longitude), y = y_of(region->latitude);
	/* Near the right edge the name stands on the left. */
	bool left = x > WIDTH - 100;

	fprintf(out,
		"<rect class=\"region\" x=\"%.1f\" y=\"%.1f\" width=\"9\" "
		"height=\"9\"/><text class=\"name\" x=\"%.1f\" y=\"%.1f\"%s>",
		x - 4.5, y - 4.5, left ? x - 8 : x + 8, y - 6,
		left ? " text-anchor=\"end\"" : "");
	put_text(region->name, out);
	fprintf(out, "%s</text>\n", mark);
}

static void draw_regions(const struct chart *c, FILE *out)
{
	const struct policy *before = c->before->subject->policy;
	const struct policy *after = c->after->subject->policy;

	for (size_t i = 0; i < after->region_count; i++)
		draw_region(&after->regions[i],
			    policy_find_region(before, after->regions[i].name) <
					    0
				    ? " (new)"
				    : "",
			    out);
	for (size_t i = 0; i < before->region_count; i++)
		if (policy_find_region(after, before->regions[i].name) < 0)
			draw_region(&before->regions[i], " (gone)", out);
}

/* The countries of a way, greatest first. */
static void put_countries(const struct chart *c, size_t way, FILE *out)
{
	size_t named = 0;

	for (size_t i = 0; i < c->dot_count && named < COUNTRIES_NAMED; i++) {
		if (c->dots[i].way != way)
			continue;
		fprintf(out, "%s%s %.2f", named == 0 ? "; " : ", ",
			c->dots[i].country, c->dots[i].pct);
		named++;
	}
}

static void draw_legend(const struct chart *c, FILE *out)
{
	int y = HEIGHT + LINE;

	fprintf(out, "<text class=\"ink\" x=\"12\" y=\"%d\">%.2f %% ", y,
		c->moved_pct);
	put_text(c->of_what, out);
	fputs(c->moved_pct > 0 ? " move</text>\n" : " move: nobody</text>\n",
	      out);
	for (size_t i = 0; i < c->way_count; i++) {
		y += LINE;
		fprintf(out,
			"<circle class=\"dot w%zu\" cx=\"20\" cy=\"%d\" "
			"r=\"8\"/><text class=\"letter\" x=\"20\" y=\"%d\">%c"
			"</text><text class=\"ink\" x=\"36\" y=\"%d\">",
			i, y - 4, y, letter_of(i), y);
		put_way(c, i, out);
		fprintf(out, ": %.2f %%", c->ways[i].pct);
		put_countries(c, i, out);
		fputs("</text>\n", out);
	}
	if (c->placeless_pct > 0)
		fprintf(out,
			"<text class=\"ink\" x=\"36\" y=\"%d\">%.2f %% are not "
			"on the map: where they are is not known</text>\n",
			y + LINE, c->placeless_pct);
}

void chart_draw(const struct chart *c, FILE *out)
{
	int lines = 2 + (int)c->way_count + (c->placeless_pct > 0);

	draw_head(c, HEIGHT + lines * LINE, out);
	draw_ground(c, out);
	for (size_t i = 0; i < c->dot_count && i < DOTS_DRAWN; i++)
		draw_dot(c, i, out);
	for (size_t i = 0; i < c->way_count; i++)
		draw_arrow(c, i, out);
	draw_regions(c, out);
	draw_legend(c, out);
	fputs("</svg>\n", out);
}
