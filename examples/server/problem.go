package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// The codes that HTTP adds to those of the domain.
const (
	deviceRequired       learnsnap.Code = "DEVICE_REQUIRED"
	invalidToken         learnsnap.Code = "INVALID_TOKEN"
	methodNotAllowed     learnsnap.Code = "METHOD_NOT_ALLOWED"
	routeNotFound        learnsnap.Code = "ROUTE_NOT_FOUND"
	unsupportedMediaType learnsnap.Code = "UNSUPPORTED_MEDIA_TYPE"
	crossOrigin          learnsnap.Code = "CROSS_ORIGIN"
	forbidden            learnsnap.Code = "FORBIDDEN"
	noOperators          learnsnap.Code = "OPERATORS_NOT_CONFIGURED"
	unknownFlag          learnsnap.Code = "UNKNOWN_FLAG"
	maintenance          learnsnap.Code = "MAINTENANCE"
	switched             learnsnap.Code = "SWITCHED_OFF"
	tooManyRequests      learnsnap.Code = "TOO_MANY_REQUESTS"
	notSold              learnsnap.Code = "PAYMENTS_NOT_CONFIGURED"
)

// A problem is how a code is told over HTTP: its status, and what to do in both
// languages.
type problem struct {
	status int
	en, ar string
}

// problems has a row for every code. docs/API.md lists them.
var problems = map[learnsnap.Code]problem{
	learnsnap.InvalidRequest:      {400, "The request can't be understood. Look at the documentation of this route.", "تعذر فهم الطلب. راجع توثيق هذا المسار."},
	learnsnap.InvalidAnswers:      {400, "An answer has another shape than its question. Send a letter, true or false, a text, or pairs.", "شكل إحدى الإجابات لا يناسب سؤالها. أرسل حرفا أو صح/خطأ أو نصا أو أزواجا."},
	learnsnap.NoPages:             {400, "A quiz needs at least one page. Send photos as parts named \"pages\".", "يحتاج الاختبار إلى صفحة واحدة على الأقل. أرسل الصور في أجزاء اسمها pages."},
	learnsnap.TooManyPages:        {400, "A quiz takes at most 20 pages. Send fewer.", "يقبل الاختبار 20 صفحة على الأكثر. أرسل عددا أقل."},
	learnsnap.EmptyPage:           {400, "The page is empty. Send it again.", "الصفحة فارغة. أرسلها مرة أخرى."},
	learnsnap.CorruptPage:         {400, "The photo is cut off or broken. Send it again.", "الصورة ناقصة أو تالفة. أرسلها مرة أخرى."},
	deviceRequired:                {401, "Ask for a device token first: POST /api/v1/device/issue.", "اطلب رمز الجهاز أولا: POST /api/v1/device/issue."},
	invalidToken:                  {401, "The token is not valid. A user signs in again; a device asks for a new one: POST /api/v1/device/issue.", "الرمز غير صالح. يسجل المستخدم دخوله من جديد، ويطلب الجهاز رمزا جديدا: POST /api/v1/device/issue."},
	learnsnap.InsufficientCredits: {402, "There are not enough pages left. Send fewer pages.", "لا يكفي عدد الصفحات المتبقية. أرسل صفحات أقل."},
	crossOrigin:                   {403, "Another site has sent this request. Open this site itself.", "أرسل هذا الطلب موقع آخر. افتح هذا الموقع نفسه."},
	forbidden:                     {403, "This needs the role of an operator.", "هذا الإجراء متاح للمشغلين فقط."},
	noOperators:                   {503, "Operators can't be told apart here: set JWT_SECRET.", "لم تضبط هوية المشغلين هنا: اضبط JWT_SECRET."},
	unknownFlag:                   {404, "There is no flag of that name. GET /api/v1/admin/flags lists them.", "لا يوجد مفتاح بهذا الاسم. تجد المفاتيح في GET /api/v1/admin/flags."},
	maintenance:                   {503, "LearnSnap is being looked after. Quizzes under way go on; come back in a few minutes.", "تجري صيانة LearnSnap. الاختبارات قيد الإعداد مستمرة؛ عد بعد بضع دقائق."},
	switched:                      {503, "This is switched off for now. Try again later.", "هذه الخدمة موقفة حاليا. حاول لاحقا."},
	learnsnap.NotFound:            {404, "There is no such quiz here.", "لا يوجد هذا الاختبار."},
	routeNotFound:                 {404, "There is no such address here.", "لا يوجد هذا العنوان."},
	methodNotAllowed:              {405, "This address does not take this method. The Allow header lists those that it takes.", "لا يقبل هذا العنوان هذه الطريقة. تجد المقبول في Allow."},
	learnsnap.NotReady:            {409, "The quiz is not ready. Wait for it, or start a new one if it has failed.", "الاختبار غير جاهز. انتظره، أو ابدأ غيره إن فشل."},
	learnsnap.AlreadySubmitted:    {409, "The answers were handed in before. Look at the result.", "سلمت الإجابات من قبل. انظر النتيجة."},
	learnsnap.PaymentInProgress:   {409, "The first request under this Idempotency-Key is still under way. Ask again in a minute.", "الطلب الأول بهذا المفتاح ما زال قيد التنفيذ. أعد المحاولة بعد دقيقة."},
	notSold:                       {503, "Pages are not sold here.", "لا تباع الصفحات هنا."},
	learnsnap.Expired:             {410, "The quiz is older than a day and gone. Start a new one.", "مضى على الاختبار أكثر من يوم وحذف. ابدأ اختبارا جديدا."},
	learnsnap.BodyTooLarge:        {413, "The request is too large: send 20 photos of up to 4 MB, as multipart.", "الطلب كبير جدا: أرسل 20 صورة حجم كل منها 4 ميغابايت على الأكثر، بصيغة multipart."},
	learnsnap.PageTooLarge:        {413, "A page is larger than 6 MB. Send a smaller photo.", "إحدى الصفحات أكبر من 6 ميغابايت. أرسل صورة أصغر."},
	learnsnap.ImageTooLarge:       {413, "A photo has too many pixels. Send a smaller one.", "عدد نقاط إحدى الصور كبير جدا. أرسل صورة أصغر."},
	learnsnap.UnsupportedPage:     {415, "A page is neither a photo (JPEG, PNG, WebP, HEIC) nor plain text. Send a photo.", "إحدى الصفحات ليست صورة (JPEG أو PNG أو WebP أو HEIC) ولا نصا. أرسل صورة."},
	unsupportedMediaType:          {415, "Send multipart/form-data with parts named \"pages\", or application/json.", "أرسل multipart/form-data بأجزاء اسمها pages، أو application/json."},
	learnsnap.HEICUnavailable:     {415, "HEIC photos can't be read here. Send the photo as JPEG.", "لا تقرأ صور HEIC هنا. أرسل الصورة بصيغة JPEG."},
	learnsnap.KeyReused:           {422, "Another request was made under this Idempotency-Key. Take a new key.", "استخدم مفتاح Idempotency-Key هذا لطلب آخر. استعمل مفتاحا جديدا."},
	learnsnap.Erased:              {410, "The quiz was removed by its owner.", "حذف صاحب الاختبار اختباره."},
	learnsnap.RecaptureRequired:   {422, "Some pages can't be read. Photograph them again, sharp and in good light.", "تعذرت قراءة بعض الصفحات. صورها مرة أخرى بوضوح وإضاءة جيدة."},
	learnsnap.TooFewQuestions:     {422, "The pages hold too little for a quiz. Add pages with more text.", "لا يكفي نص الصفحات لاختبار. أضف صفحات نصها أطول."},
	learnsnap.CostLimit:           {422, "The quiz would have cost more than a quiz may cost here. Your pages were given back; send fewer pages.", "كلفة هذا الاختبار تتجاوز الحد المسموح هنا. أعيدت صفحاتك؛ أرسل صفحات أقل."},
	tooManyRequests:               {429, "That was too often. Retry-After says when to go on.", "عدد الطلبات كبير. انظر Retry-After لمعرفة وقت المتابعة."},
	learnsnap.GenerationFailed:    {502, "The quiz could not be made. Your pages were given back; try again.", "تعذر إعداد الاختبار. أعيدت صفحاتك؛ حاول مرة أخرى."},
	learnsnap.OCRUnavailable:      {503, "Photos can't be read here: the operator has to install tesseract. Texts can be sent.", "لا تقرأ الصور هنا: على المشغل تثبيت tesseract. يمكن إرسال نصوص."},
	learnsnap.Overloaded:          {503, "There is too much to do just now. Try again later.", "الضغط كبير الآن. حاول لاحقا."},
	learnsnap.Unavailable:         {503, "Something that is needed is away. Try again later.", "أحد الأجزاء اللازمة غير متاح. حاول لاحقا."},
	learnsnap.GenerationTimeout:   {504, "The quiz took too long. Your pages were given back; try again.", "استغرق إعداد الاختبار وقتا طويلا. أعيدت صفحاتك؛ حاول مرة أخرى."},
	learnsnap.Internal:            {500, "This is our fault. Tell the operator the requestId.", "الخطأ منا. أبلغ المشغل برقم الطلب requestId."},
}

// The languages of messages.
const (
	english = "en"
	arabic  = "ar"
)

// languageOf returns the language that a client likes better, of the two.
func languageOf(r *http.Request) string {
	best, weight := english, 0.0
	for tag := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(tag), ";q=")
		w, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		if err != nil || q == "" {
			w = 1
		}
		base, _, _ := strings.Cut(strings.ToLower(name), "-")
		if (base == arabic || base == english) && w > weight {
			best, weight = base, w
		}
	}
	return best
}

// says returns what a code means, in a language.
func says(code learnsnap.Code, language string) string {
	p, ok := problems[code]
	if !ok {
		p = problems[learnsnap.Internal]
	}
	if language == arabic {
		return p.ar
	}
	return p.en
}

// detailOf is what a client is told about an error: what the code means, and which
// pages it is about. Causes are for the log.
func detailOf(code learnsnap.Code, pages []int, language string) string {
	text := says(code, language)
	if len(pages) == 0 {
		return text
	}
	var numbers []string
	for _, p := range pages {
		numbers = append(numbers, strconv.Itoa(p))
	}
	if language == arabic {
		return fmt.Sprintf("%s (الصفحات: %s)", text, strings.Join(numbers, "، "))
	}
	return fmt.Sprintf("%s (pages: %s)", text, strings.Join(numbers, ", "))
}

// writeProblem answers with an error, as RFC 9457 has it, and returns the status.
func writeProblem(w http.ResponseWriter, r *http.Request, err error) int {
	code := learnsnap.CodeOf(err)
	var e *learnsnap.Error
	var pages []int
	if errors.As(err, &e) {
		pages = slices.Clone(e.Pages)
	}
	status := problems[learnsnap.Internal].status
	if p, ok := problems[code]; ok {
		status = p.status
	}
	language := languageOf(r)
	if after, ok := resilience.RetryAfter(err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	} else if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(int((5 * time.Second).Seconds())))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Language", language)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that has gone reads nothing
		"type": "about:blank", "title": http.StatusText(status), "status": status, "code": code,
		"detail": detailOf(code, pages, language), "pages": pages, "requestId": telemetry.RequestID(r.Context()),
	})
	return status
}

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // a client that has gone reads nothing
}

// fault makes an error with a code of HTTP's own.
func fault(code learnsnap.Code, format string, args ...any) error {
	return &learnsnap.Error{Code: code, Err: fmt.Errorf(format, args...)}
}
