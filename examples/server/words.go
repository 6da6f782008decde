package main

// words are the texts of the page in both languages. The script gets those that it
// needs as data attributes of the document.
var words = map[string]map[string]string{
	english: {
		"title": "LearnSnap", "tagline": "Photograph a page. Get a quiz you can trust: every question shows the sentence it rests on.",
		"choose": "Choose photos", "drop": "or drop them here", "paste": "or paste the text of a page", "start": "Make the quiz", "remove": "Remove",
		"count": "Questions", "reading": "Reading the pages", "asking": "Writing questions", "waiting": "Waiting for a turn", "uploading": "Sending",
		"lesson": "In short", "submit": "Check my answers", "again": "Start over", "right": "Right", "wrong": "Not right", "score": "Your score",
		"evidence": "On page", "true": "True", "false": "False", "yourAnswer": "Your answer", "pick": "Choose", "nothing": "Add a photo or a text first.",
		"failed": "There is no quiz", "offline": "made without a language model", "hint": "Hint", "rightAnswer": "Right answer", "lost": "The connection was lost. Trying again.",
	},
	arabic: {
		"title": "LearnSnap", "tagline": "صور صفحة من كتابك، تحصل على اختبار تثق به: كل سؤال يعرض الجملة التي يستند إليها.",
		"choose": "اختر الصور", "drop": "أو أفلتها هنا", "paste": "أو الصق نص صفحة", "start": "أعد الاختبار", "remove": "حذف",
		"count": "عدد الأسئلة", "reading": "قراءة الصفحات", "asking": "كتابة الأسئلة", "waiting": "بانتظار الدور", "uploading": "إرسال",
		"lesson": "باختصار", "submit": "صحح إجاباتي", "again": "ابدأ من جديد", "right": "صحيح", "wrong": "غير صحيح", "score": "نتيجتك",
		"evidence": "في الصفحة", "true": "صح", "false": "خطأ", "yourAnswer": "إجابتك", "pick": "اختر", "nothing": "أضف صورة أو نصا أولا.",
		"failed": "لم يعد الاختبار", "offline": "أعد دون نموذج لغوي", "hint": "تلميح", "rightAnswer": "الإجابة الصحيحة", "lost": "انقطع الاتصال. تجري المحاولة من جديد.",
	},
}
