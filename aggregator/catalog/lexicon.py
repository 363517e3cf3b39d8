"""The words by which panels name what they sell, and what each means; one line a meaning, its spellings after it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum


class Word(StrEnum):
    """What kind of thing a word names."""

    PLATFORM = "platform"
    WEAK_PLATFORM = "weak platform"
    """Names a platform only where no plainer word does."""
    GOOD = "good"
    PLACE = "place"
    SENSE = "sense"
    """Makes two services of one platform and good different."""
    QUALITY = "quality"
    NOISE = "noise"
    """Says nothing of what is sold."""
    OTHER = "other"


_PLATFORMS = """
instagram: ig insta igtv instagaram instagram_tv
tiktok: tik_tok
youtube: ytvideo
facebook: fb fanpage
telegram: tele
twitter: tweet tweets retweet retweets
twitter: tweet_views tweet_view tweet_impressions tweets_views twitter_video twitter_videos
spotify: | soundcloud: | twitch: | discord: | pinterest: | reddit: subreddit | snapchat: | kwai: | likee: | quora:
linkedin: linked_in
vk: vkontakte
odnoklassniki: classmates
whatsapp: whats_app
tumblr: | rumble: | trovo: | bigo: | poppo: | shopee: shoppe | lazada: | deezer: | tidal: | boomplay: | mixcloud:
website: websites web_site
google: gmb
tripadvisor: trip_advisor
clubhouse: club_house
audiomack: audio_mack
apple music: itunes
rutube: | dailymotion: | vimeo: | onlyfans: | fansly: | naver: | github: | imdb: | trustpilot: | opensea: | bilibili:
weibo: | zalo: | yandex: | fiverr: | shazam: | dlive: | coinmarketcap: | threads: | bing: | yahoo: | amazon: | ebay:
snackvideo: snack_video
blogger: blogspot
"""
_WEAK_PLATFORMS = """
twitter: x
tiktok: tt
youtube: yt
telegram: tg
kick: | medium:
"""
_GOODS = """
followers: follower follow
likes: like likers
comments: comment cmt commenters
comment likes: comments_likes comment_like comments_like comment_upvotes comment_upvote
views: view viewers viewer
members: member mem
subscribers: subscriber subs sub subscribe
shares: share
plays: play
retweets: retweet
reposts: repost
saves: save
votes: vote voting
reactions: reaction react reacts emotions emotion
impressions: impression
reach:
engagements: engagement engaging
traffic: visitors visitor visits visit
watch time: watchtime watch_hours watch_hour
listeners: listener
mentions: mention
reviews: review rating ratings
clicks: click
link clicks: link_click url_clicks
tweet views: tweet_view tweet_impressions tweets_views
installs: install download downloads
upvotes: upvote
downvotes: downvote
dislikes: dislike
connections: connection
pins: pin
messages: message dm
friends: friend
stars: star
boosts: boost
reports: report
referrals: referral refferals
replies: reply
answers: answer
proxy: proxies
"""
_PLACES = """
ae: uae emirates dubai
ar: argentina argentinian
at: austria austrian
au: australia australian
az: azerbaijan azerbaijani
ba: bosnia bosnian bosnia_and_herzegovina bosnia_herzegovina
bd: bangladesh bangladeshi
be: belgium belgian
bg: bulgaria bulgarian
bh: bahrain
bo: bolivia bolivian
br: brazil brazilian brasil brazill
by: belarus
ca: canada canadian
ch: switzerland swiss
cl: chile chilean
cn: china chinese
co: colombia colombian
cr: costa_rica
cz: czech czech_republic czechia
de: germany german
dk: denmark danish
do: dominican_republic
dz: algeria algerian
ec: ecuador
eg: egypt egyptian egyptians
es: spain spanish
fi: finland finnish
fr: france french
gb: uk united_kingdom england british
ge: georgia georgian
gh: ghana
gr: greece greek
gt: guatemala
hk: hong_kong hongkong
hn: honduras
hr: croatia croatian
hu: hungary hungarian
id: indonesia indonesian
ie: ireland irish
il: israel israeli
in: india indian indians
iq: iraq iraqi
ir: iran iranian persian
it: italy italian
jo: jordan jordanian
jp: japan japanese
ke: kenya kenyan
kr: korea korean south_korea
kw: kuwait kuwaiti
kz: kazakhstan
lb: lebanon lebanese
lk: sri_lanka
ly: libya libyan
ma: morocco moroccan
mm: myanmar
mx: mexico mexican
my: malaysia malaysian
ng: nigeria nigerian
nl: netherlands dutch holland
no: norway norwegian
np: nepal nepali
nz: new_zealand
om: oman omani
pe: peru peruvian
ph: philippines philippine filipino
pk: pakistan pakistani
pl: poland polish
pt: portugal portuguese
py: paraguay
qa: qatar qatari
ro: romania romanian
rs: serbia serbian
ru: russia russian
sa: saudi saudi_arabia ksa saudia
se: sweden swedish
sg: singapore
sn: senegal
sv: el_salvador
sy: syria syrian
th: thailand thai
tn: tunisia tunisian
tr: turkey turkish turk türkiye
tw: taiwan taiwanese
ua: ukraine ukrainian
us: usa america american united_states
uy: uruguay
uz: uzbekistan uzbek
ve: venezuela
vn: vietnam vietnamese viet_nam vieatnam việt
ye: yemen
za: south_africa
africa: african
arab: arabic arabian arabs gulf
asia: asian
cis:
english:
europe: european eu
latin: latin_america latino hispanic
scandinavia: scandinavian
"""
_SENSES = """
live: livestream live_stream live_streams stream streaming streams broadcast live_broadcast
story: stories
reel: reels
short: shorts
igtv: instagram_tv
twitter video: twitter_videos
highlight: highlights
page: fanpage
profile:
group: groups
channel: | playlist: playlists | artist: | album: | podcast: | monthly: | event: | poll: | hashtag: hashtags
space: spaces
auto: automatic
future: | last: | random: rondom | positive: | negative: | power: | unique: | mobile: | private: | retention:
custom: costum
emoji: emojis
verified: blue_tick
premium:
monetizable: monetization
ads: adwords google_ads ad
search: seo
suggested: suggest
browse: discovery
female: girls women woman
male: men
crypto: nft
subscription: subscriptions
love: | care: | wow: | haha: | sad: | angry:
"""
_QUALITIES = """
real: human humans people
organic:
bot: bots
old: aged
high quality: hq
medium quality: mq
low quality: lq
mixed: mix
active:
"""
_NOISE = """
a an and or the of on in to for with from by per all any only no not non at as up it is are be can you your will do
new update updated updating working works work always fast faster superfast ultra super instant instantly quick slow
speed start starts started starting complete completion delivery time day days hour hours hr hrs minute minutes min mins
sec second seconds week weeks month months year years max minimum maximum till until drop drops dropping nondrop less
little stable guarantee guaranteed warranty lifetime life refill refillable refills nr autorefill button cancel enable
enabled possible cheap cheaper cheapest server offer sale hot recommended recommend exclusive own safe trusted top vip
best good great perfect medium quality average excellent majority before after accept accepts link links same also
available normal natural read description see note beta method service services rate each full must multiple quantity
order orders video videos post posts photo photos music song track tv user users account accounts profiles hidden
worldwide world wide ww global country countries mixed_country every day_drop pcs est x concurrent pfp avatar visible
layout market st count very type types
"""
DECORATION = frozenset("🔥⚡♻⛔⭐✅🚀💧🌟⏰👑💎🆕🎁❌⚠✨💯🥇🏆📱❄⬇⬆➡🔴🟢🔵🟡💥🎯🛡⏱⏳🌍🌎🌏👉🔄🚫📈👍")
"""Pictures that only catch the eye."""


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each spelling with its meaning."""
    for line in text.replace("|", "\n").strip().splitlines():
        meaning, _, spellings = (part.strip() for part in line.partition(":"))
        yield meaning, meaning
        yield from ((spelling.replace("_", " "), meaning) for spelling in spellings.split())


def _gather() -> dict[str, list[tuple[Word, str]]]:
    gathered: dict[str, list[tuple[Word, str]]] = {}
    tables = {
        Word.PLATFORM: _PLATFORMS,
        Word.WEAK_PLATFORM: _WEAK_PLATFORMS,
        Word.GOOD: _GOODS,
        Word.SENSE: _SENSES,
        Word.QUALITY: _QUALITIES,
    }
    for kind, text in tables.items():
        for spelling, meaning in _lines(text):
            gathered.setdefault(spelling, []).append((kind, meaning))
    for spelling, place in _lines(_PLACES):
        # A code of two letters is a common word somewhere: only a flag says it plainly.
        written = f"flag{spelling}" if spelling == place and len(place) == 2 else spelling  # noqa: PLR2004  # ISO 3166
        gathered.setdefault(written, []).append((Word.PLACE, place))
    for word in _NOISE.split():
        gathered.setdefault(word.replace("_", " "), []).append((Word.NOISE, word))
    return gathered


MEANINGS = _gather()
"""All that a word, or a phrase of words parted by single blanks, may mean."""
LONGEST = max(len(phrase.split()) for phrase in MEANINGS)
"""Words in the longest phrase."""
