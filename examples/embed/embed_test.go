package embed_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/learnsnap/learnsnap-go/examples/embed"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
)

const lesson = `The Water Cycle
The water cycle is the continuous movement of water between the surface of the Earth and the atmosphere.
Evaporation: the change of liquid water into water vapour when it is heated by the Sun.
Condensation: the change of water vapour into tiny droplets of liquid water as it cools.
Precipitation: water that falls from clouds as rain, snow, sleet or hail.
Infiltration: the movement of surface water down into the soil and rocks.
`

func ExampleAsk() {
	made, err := embed.Ask(context.Background(), offline.New(offline.Config{}), strings.NewReader(lesson), 5)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(made.Questions), "questions, and each quotes its page:")
	fmt.Println(strings.Contains(lesson, made.Questions[0].Evidence.Text))
	// Output:
	// 5 questions, and each quotes its page:
	// true
}
