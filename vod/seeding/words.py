"""Made-up names, titles and tags: a few words are common and most are rare, as where people write them."""

import random


def _words(text: str) -> list[str]:
    return text.split()


ADJECTIVES = _words(
    """
    amber bold brave bright calm clever cosmic crimson dapper dizzy dusty eager early electric emerald fancy
    fearless fluffy frozen gentle giant glowing golden grumpy happy hidden humble icy indigo jolly kind lazy lively
    lone lucky lunar mellow mighty misty modest nimble noble orange patient plucky proud purple quick quiet rapid
    restless royal rusty scarlet shiny silent silver sleepy smooth snowy solar spicy steady sunny swift tiny velvet
    vivid wandering wild winter witty wooden young zany
    """
)
NOUNS = _words(
    """
    acorn anchor badger beacon bear beetle bison breeze brook canyon castle cedar cloud comet coral cricket crow
    dolphin dragon eagle ember falcon fern finch flame forest fox galaxy garden ghost glacier harbor hare hawk hazel
    heron island jaguar kettle kite lantern lark lemon lion lynx maple meadow meteor mill moose moth oak ocean
    orchid otter owl panda pebble pepper phoenix pine planet puffin quartz rabbit raven reef river robin rocket
    salmon shadow sparrow spruce stag star stone storm thistle thunder tiger trout turtle valley violet walnut whale
    willow wolf
    """
)
KINDS = _words(
    """
    Adventures Arena Battles Builder Chronicles Circuit Colony Crafting Duel Empire Farm Frontier Kingdom League
    Legends Odyssey Quest Racing Rally Rising Saga Sandbox Simulator Tactics Tales Tycoon Warfare Workshop World
    Zero
    """
)
TOPICS = _words(
    """
    stream live game run first late night chat music ranked speed chill build art paint learn code race boss final
    level hard no hit viewers day new season challenge practice random world record attempt story blind casual draw
    guitar piano cook talk quiz craft mod retro coop tournament warm up road project finish relax study focus beats
    science history language space garden bread synth chess puzzle horror indie classic marathon charity hundred
    """
)
RARE_BEGINNINGS = _words("bra cor del fen gal hir jun kel lom mir nor pel quo ras sel tor ulm vex wyn zor")
RARE_MIDDLES = _words("a e i o u ae au ei io ou")
RARE_ENDINGS = _words("bast dane fex glim hurst kand lith mont nik pont quist rund sen tark vold wick")
LANGUAGES = ["en"] * 50 + ["es"] * 12 + ["de"] * 8 + ["pt"] * 8 + ["fr"] * 7 + ["ja", "ko", "ru", "it", "pl"] * 3
COMMON_SHARE = 0.85  # of the words in a title; the others are rare ones


def zipf(chance: random.Random, count: int) -> int:
    """A number from 0 up to `count` (exclusive), the n-th about 1/n as often as the first."""
    return min(int((count + 1) ** chance.random()) - 1, count - 1)


def login(number: int) -> str:
    """Of the n-th user; no two are alike."""
    pairs, pair = divmod(number, len(ADJECTIVES) * len(NOUNS))
    noun, adjective = divmod(pair, len(ADJECTIVES))
    return f"{ADJECTIVES[adjective]}{NOUNS[noun]}{pairs or ''}"


def category_name(number: int) -> str:
    """Of the n-th category; no two are alike."""
    rest, kind = divmod(number, len(KINDS))
    adjective, noun = divmod(rest, len(NOUNS))
    return f"{ADJECTIVES[adjective].capitalize()} {NOUNS[noun].capitalize()} {KINDS[kind]}"


def title(chance: random.Random) -> str:
    count = chance.randrange(2, 8)
    return " ".join(_word(chance) for _ in range(count)).capitalize()


def about(chance: random.Random) -> str:
    return ". ".join(title(chance) for _ in range(chance.randrange(4))) + "."


def tags(chance: random.Random) -> list[str]:
    """Up to five, no two alike."""
    return list(dict.fromkeys(_tag(zipf(chance, 500)) for _ in range(chance.randrange(6))))


def _word(chance: random.Random) -> str:
    if chance.random() < COMMON_SHARE:
        return TOPICS[zipf(chance, len(TOPICS))]
    return chance.choice(RARE_BEGINNINGS) + chance.choice(RARE_MIDDLES) + chance.choice(RARE_ENDINGS)


def _tag(number: int) -> str:
    if number < len(TOPICS):
        return TOPICS[number]
    adjective, topic = divmod(number - len(TOPICS), len(TOPICS))
    return f"{ADJECTIVES[adjective]}{TOPICS[topic]}"
