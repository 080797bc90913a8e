// SPDX-License-Identifier: MIT

"use strict";
// Nothing here makes markup of text: names are only ever compared, or set as text.
(() => {
	const DWELL_MS = 150; // a card that is only scrolled past takes no picture
	const cards = [...document.querySelectorAll(".card")];
	const byId = id => document.getElementById(id);
	const [form, text, cloud, state, every, count, view] = [document.querySelector("form"),
		byId("text"), byId("cloud"), byId("state"), byId("every"), byId("count"), byId("view")];
	const all = count.textContent;

	const make = (kind, words, label, act) => {
		const one = document.createElement(kind);
		one.textContent = words;
		if (label) one.setAttribute("aria-label", label);
		if (act) { one.type = "button"; one.addEventListener("click", act); }
		return one;
	};
	const nameOf = card => card.querySelector("h2").textContent;
	const screenOf = card => card.querySelector("a.shot[data-img]");
	const say = words => { count.textContent = words; };

	// Where a card's picture is: on the card, or on the whole screen.
	let viewed = null;
	const frameOf = card => card === viewed ? byId("screen") : screenOf(card);

	// Each picture is a call to the cloud, made when its file is opened. The number keeps the
	// browser from showing the one before.
	const look = card => {
		const shot = screenOf(card);
		if (!shot) return;
		const image = new Image();
		const title = nameOf(card);
		image.alt = "Screen of " + title + " at " + new Date().toLocaleTimeString();
		image.decoding = "async";
		card.dataset.state = "loading";
		shot.className = "shot wait";
		image.addEventListener("load", () => {
			if (card.image !== image) return;
			card.dataset.state = "shown";
			shot.className = "shot";
			frameOf(card).replaceChildren(image);
		});
		image.addEventListener("error", () => {
			if (card.image !== image) return;
			card.dataset.state = "failed";
			shot.className = "shot bad";
			frameOf(card).replaceChildren(make("span", "No picture. The file \u201cerror\u201d says why."));
		});
		card.image = image;
		if (!frameOf(card).querySelector("img"))
			frameOf(card).replaceChildren(make("span", "Taking the picture\u2026"));
		image.src = shot.href + "?t=" + Date.now();
	};

	const quoted = path => "'" + path.replaceAll("'", "'\\''") + "'";
	const copy = async (code, button) => {
		try {
			await navigator.clipboard.writeText(code.title);
		} catch {
			code.textContent = code.title;
			const range = document.createRange();
			range.selectNodeContents(code);
			getSelection().removeAllRanges();
			getSelection().addRange(range);
			if (!document.execCommand("copy")) return;
		}
		button.textContent = "Copied";
		setTimeout(() => { button.textContent = "Copy"; }, 2000);
	};

	// What only a script can do is added to a card when it is first seen.
	const dress = card => {
		card.dressed = true;
		const title = nameOf(card);
		card.querySelector("h2 a").title = title;
		const wake = card.querySelector(".wake");
		if (wake) {
			const code = wake.querySelector("code");
			const file = new URL(code.dataset.file, location.href);
			const button = make("button", "Copy", "Copy the command that wakes " + title, () => copy(code, button));
			code.title = file.protocol !== "file:" ? code.textContent
				: "echo > " + quoted(decodeURIComponent(file.pathname));
			wake.append(button);
		}
		const shot = screenOf(card);
		if (shot) {
			// As a link it opens the file, by the middle button or with a key held.
			shot.addEventListener("click", event => {
				if (event.ctrlKey || event.shiftKey || event.metaKey) return;
				event.preventDefault();
				show(card);
			});
			card.querySelector(".links").append(
				make("button", "Reload", "Reload the screen of " + title, () => look(card)));
		}
	};

	// One picture on the whole screen. It is the card's own, moved there: to show it costs nothing.
	const shownCards = () => cards.filter(card => !card.hidden && screenOf(card));
	const putBack = () => {
		if (!viewed) return;
		const card = viewed;
		viewed = null;
		screenOf(card).replaceChildren(...byId("screen").childNodes);
	};
	const show = card => {
		const all = shownCards();
		putBack();
		viewed = card;
		byId("title").textContent = nameOf(card);
		byId("place").textContent = (all.indexOf(card) + 1) + " of " + all.length;
		byId("screen").replaceChildren(...screenOf(card).childNodes);
		if (!view.open) view.showModal();
		if (!card.dressed) dress(card);
		if (!card.image) look(card);
	};
	const step = by => {
		const all = shownCards();
		const next = all[all.indexOf(viewed) + by];
		if (next) show(next);
	};
	byId("before").addEventListener("click", () => step(-1));
	byId("after").addEventListener("click", () => step(1));
	byId("again").addEventListener("click", () => look(viewed));
	byId("close").addEventListener("click", () => view.close());
	view.addEventListener("close", () => {
		const shot = screenOf(viewed);
		putBack();
		shot.focus();
	});
	view.addEventListener("keydown", event => {
		const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
		if (!by) return;
		event.preventDefault();
		step(by);
	});

	const visible = new Set();
	const see = card => {
		if (!visible.has(card)) return;
		if (!card.dressed) dress(card);
		if (!card.image) look(card);
	};
	// Not by loading="lazy": Chromium fetches such images from 1,250 pixels away.
	const observer = new IntersectionObserver(entries => {
		for (const { target, isIntersecting } of entries) {
			if (isIntersecting) {
				visible.add(target);
				clearTimeout(target.timer);
				target.timer = setTimeout(see, DWELL_MS, target);
			} else {
				visible.delete(target);
			}
		}
	}, { threshold: 0.1 });

	const reloadAll = () => {
		for (const card of cards) {
			if (visible.has(card) && card.image) look(card);
			else card.image = null; // when it is seen again
		}
	};

	// Only what is seen is taken again, and nothing while the page is not.
	let ticking;
	const tick = () => {
		clearInterval(ticking);
		if (every.value) ticking = setInterval(() => {
			if (document.hidden) return;
			for (const card of viewed ? [viewed] : visible)
				if (card.image && card.dataset.state !== "loading" && !card.hidden) look(card);
		}, every.value * 1000);
	};

	// The filters are in the address, so that a reload keeps them and a bookmark has them.
	const fields = { q: text, cloud, state, every };
	const remember = () => {
		const chosen = new URLSearchParams();
		for (const [name, field] of Object.entries(fields))
			if (field.value) chosen.set(name, field.value);
		history.replaceState(null, "", location.pathname + location.search + (chosen.size ? "#" + chosen : ""));
	};
	const recall = () => {
		const chosen = new URLSearchParams(location.hash.slice(1));
		for (const [name, field] of Object.entries(fields)) field.value = chosen.get(name) ?? "";
	};

	const wordsOf = card => card.words ??=
		(card.textContent + " " + (card.dataset.t || "")).toLowerCase();
	const filter = () => {
		const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
		let shown = 0;
		for (const card of cards) {
			const fits = (!cloud.value || card.dataset.c === cloud.value) &&
				(!state.value || card.dataset.s === state.value) &&
				(wanted.length === 0 || wanted.every(word => wordsOf(card).includes(word)));
			if (card.hidden === fits) card.hidden = !fits;
			shown += fits;
		}
		byId("none").hidden = shown > 0 || cards.length === 0;
		remember();
		say(shown === cards.length ? all : shown + " of " + all);
	};
	let timer;
	text.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(filter, cards.length > 1000 ? 150 : 0);
	});
	cloud.addEventListener("change", filter);
	state.addEventListener("change", filter);
	form.addEventListener("submit", event => { event.preventDefault(); filter(); });
	byId("reload").addEventListener("click", reloadAll);
	addEventListener("keydown", event => {
		if (event.ctrlKey || event.altKey || event.metaKey) return;
		if (view.open) return;
		if (event.target.closest("input, select")) {
			if (event.key === "Escape" && event.target === text) { text.value = ""; filter(); }
			return;
		}
		if (event.key === "/") { event.preventDefault(); text.focus(); }
	});

	every.addEventListener("change", () => { remember(); tick(); });
	addEventListener("hashchange", () => { recall(); filter(); tick(); });

	form.hidden = false;
	recall();
	for (const card of cards) observer.observe(card);
	if (text.value || cloud.value || state.value) filter();
	tick();
})();
