package main

import "encoding/json"

// A board is one dashboard of Grafana, in rows of panels.
type board struct {
	name, title string
	rows        []row
}

type row struct {
	title  string
	panels []panel
}

// A panel shows what queries answer: one number, or lines over time.
type panel struct {
	title, kind, unit string
	queries           []query
}

type query struct{ expr, legend string }

func q(expr, legend string) query { return query{expr, legend} }

func stat(title, unit, expr string) panel {
	return panel{title, "stat", unit, []query{{expr, ""}}}
}

func graph(title, unit string, queries ...query) panel {
	return panel{title, "timeseries", unit, queries}
}

// The grid of Grafana is 24 wide.
const (
	gridWidth   = 24
	statHeight  = 4
	graphHeight = 8
)

type object = map[string]any

// json writes the board as Grafana imports it. Panels of a row share its width; what
// does not fit goes on below.
func (b board) json() ([]byte, error) {
	var panels []object
	id, y := 0, 0
	add := func(o object, x, y, w, h int) {
		id++
		o["id"], o["gridPos"] = id, object{"x": x, "y": y, "w": w, "h": h}
		panels = append(panels, o)
	}
	for _, r := range b.rows {
		add(object{"type": "row", "title": r.title, "collapsed": false, "panels": []object{}}, 0, y, gridWidth, 1)
		y++
		for len(r.panels) > 0 {
			n, height := min(len(r.panels), 3), graphHeight
			if r.panels[0].kind == "stat" {
				n, height = min(len(r.panels), 6), statHeight
			}
			for i, p := range r.panels[:n] {
				add(p.object(), i*gridWidth/n, y, gridWidth/n, height)
			}
			r.panels = r.panels[n:]
			y += height
		}
	}
	text, err := json.MarshalIndent(object{
		"uid": "learnsnap-" + b.name, "title": b.title, "tags": []string{"learnsnap"}, "schemaVersion": 39, "version": 1,
		"editable": false, "timezone": "utc", "refresh": "30s", "time": object{"from": "now-6h", "to": "now"},
		"templating": object{"list": []object{{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}}},
		"annotations": object{"list": []object{{
			"name": "alerts", "enable": true, "datasource": source(), "iconColor": "red",
			"expr": `ALERTS{alertstate="firing",severity=~"critical|page"}`, "titleFormat": "{{alertname}}",
		}}},
		"panels": panels,
	}, "", "  ")
	return append(text, '\n'), err
}

func source() object { return object{"type": "prometheus", "uid": "${datasource}"} }

func (p panel) object() object {
	var targets []object
	for i, q := range p.queries {
		targets = append(targets, object{"refId": string(rune('A' + i)), "expr": q.expr, "legendFormat": q.legend, "datasource": source()})
	}
	return object{
		"type": p.kind, "title": p.title, "datasource": source(), "targets": targets,
		"fieldConfig": object{"defaults": object{"unit": p.unit, "min": 0}, "overrides": []object{}},
	}
}
