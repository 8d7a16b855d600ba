"""The words of the bundled model: concepts of three facets and the English and Chinese terms for them.

A line reads ``concept [+ concept …]: english terms | chinese terms`` and may go on, indented, on the next.
A line for one concept declares it; a line with several says that the terms mean all of them ("navy" is dark blue).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from xsearch.encoders.builtin_text import ConceptVocabulary, fold

FACETS = ("kind", "style", "colour")

_CONTINUED = re.compile(r"\n +")

#: Kinds that clothing photos or renderings teach. A parent ("shoes") comes with what it covers.
KINDS = """
t_shirt: t-shirt, tshirt, tee, tee shirt, short sleeve shirt, short sleeved t-shirt
  | t恤, t恤衫, 体恤, 体恤衫, 短袖, 短袖衫, 短袖t恤, 文化衫
longsleeve: longsleeve, long sleeve, long sleeved, long-sleeve top, long sleeve t-shirt, long sleeve shirt
  | 长袖, 长袖衫, 长袖t恤, 长袖上衣
shirt: shirt, button-up, button down, button down shirt, dress shirt, oxford shirt | 衬衫, 衬衣, 寸衫, 男衬衫
blouse: blouse | 女衬衫, 女式衬衫, 罩衫, 雪纺衫
polo: polo, polo shirt, tennis shirt | polo衫, 马球衫, 翻领t恤
top: crop top, camisole, cami, tunic, top | 女式上衣, 上衣, 吊带
undershirt: undershirt, tank top, singlet, sleeveless shirt, sleeveless top | 背心, 汗衫, 吊带背心, 无袖上衣, 打底衫
hoodie: hoodie, hoody, hooded sweatshirt, hooded sweater, sweatshirt | 连帽衫, 连帽卫衣, 帽衫, 兜帽衫, 卫衣
sweater: sweater, jumper, pullover, knitwear, cardigan, turtleneck
  | 毛衣, 针织衫, 套头衫, 羊毛衫, 开衫, 毛衫, 针织开衫, 高领毛衣
blazer: blazer, suit jacket, sport coat, sports jacket | 西装外套, 西装, 西服, 西装上衣, 休闲西装
jacket: jacket, outerwear, outwear, parka, anorak, windbreaker, raincoat, puffer, puffer jacket, down jacket,
  bomber jacket, shell jacket, rain jacket, ski jacket, fleece jacket
  | 外套, 夹克, 羽绒服, 棉服, 棉衣, 棉袄, 冲锋衣, 派克大衣, 外衣, 茄克, 防风衣, 雨衣, 滑雪服
coat: coat, overcoat, trench coat, peacoat, duffle coat, topcoat | 大衣, 风衣, 呢大衣, 呢子大衣, 长外套
dress: dress, gown, sundress, frock, maxi dress, evening dress | 连衣裙, 裙装, 长裙, 礼服, 洋装, 连身裙, 晚礼服
skirt: skirt, miniskirt, mini skirt, pleated skirt, pencil skirt | 半身裙, 短裙, 裙子, 迷你裙, 百褶裙, 半裙
pants: pants, trousers, slacks, chinos, leggings, sweatpants, joggers, cargo pants, tracksuit bottoms
  | 裤子, 长裤, 休闲裤, 西裤, 运动裤, 打底裤, 工装裤
jeans: jeans, denim pants, denim trousers, skinny jeans | 牛仔裤, 牛仔长裤
shorts: shorts, short pants, bermudas, swim trunks | 短裤, 热裤, 沙滩裤, 五分裤
shoes: shoe, footwear, loafer, heel, high heel, slipper, moccasin, pump shoe
  | 鞋, 鞋子, 皮鞋, 高跟鞋, 童鞋, 乐福鞋, 单鞋
sneaker: sneaker, running shoe, tennis shoe, athletic shoe, canvas shoe, plimsoll, sports shoe, gym shoe
  | 运动鞋, 跑鞋, 球鞋, 板鞋, 帆布鞋, 休闲鞋, 跑步鞋
boot: boot, ankle boot, hiking boot, wellington boot, wellies, chelsea boot, rain boot, bootie
  | 靴子, 靴, 登山靴, 雨靴, 马丁靴, 长靴, 短靴, 登山鞋, 雪地靴
sandal: sandal, flip flop | 凉鞋, 拖鞋, 人字拖, 沙滩鞋
hat: hat, headwear | 帽子, 帽
cap: cap, baseball cap, snapback, trucker cap, peaked cap | 棒球帽, 鸭舌帽, 运动帽
brim_hat: fedora, bucket hat, sun hat, straw hat, panama hat, top hat, trilby, bowler hat
  | 礼帽, 渔夫帽, 草帽, 遮阳帽, 太阳帽, 爵士帽
beanie: beanie, knit hat, knit cap, knitted hat, woolly hat, bobble hat, winter hat, ski hat
  | 毛线帽, 针织帽, 冷帽, 绒线帽
bodysuit: bodysuit, romper, onesie, baby bodysuit, sleepsuit, babygrow | 连体衣, 爬服, 婴儿连体衣, 哈衣
scarf: scarf, scarves, shawl, neckerchief | 围巾, 披肩, 丝巾, 围脖
gloves: glove, mitten | 手套, 连指手套
socks: sock, stocking | 袜子, 短袜, 长袜, 袜, 棉袜
bag: bag | 包包, 袋子, 箱包
backpack: backpack, rucksack, daypack, school bag, schoolbag, knapsack, bookbag, hiking pack
  | 背包, 双肩包, 书包, 登山包, 双肩背包
handbag: handbag, hand bag, purse, shoulder bag, clutch bag, satchel, crossbody bag
  | 手提包, 女包, 手袋, 单肩包, 斜挎包, 挎包, 坤包
tote: tote, tote bag, shopping bag, shopper | 托特包, 购物袋, 环保袋, 手提袋
suitcase: suitcase, luggage, trolley case, carry-on, travel case | 行李箱, 旅行箱, 拉杆箱, 登机箱
watch: watch, wristwatch, wrist watch, smartwatch, smart watch | 手表, 腕表, 智能手表, 电子表
sunglasses: sunglasses, sun glasses, eyewear, shades | 太阳镜, 墨镜, 太阳眼镜
belt: belt, waist belt | 腰带, 皮带, 裤带
umbrella: umbrella, parasol, brolly | 雨伞, 伞, 太阳伞, 遮阳伞, 折叠伞
mug: mug, cup, coffee mug, coffee cup, tea cup, teacup | 马克杯, 杯子, 咖啡杯, 茶杯, 水杯
bottle: bottle, water bottle, drink bottle, sports bottle, drinking bottle, flask
  | 水瓶, 瓶子, 水壶, 保温瓶, 运动水壶, 饮水瓶
vase: vase, flower vase | 花瓶
teapot: teapot, tea pot | 茶壶
bowl: bowl, salad bowl, soup bowl | 碗, 饭碗, 汤碗, 沙拉碗
candle: candle, scented candle, pillar candle | 蜡烛, 香薰蜡烛
lamp: lamp, table lamp, desk lamp, bedside lamp, reading lamp | 台灯, 床头灯, 桌灯
chair: chair, dining chair, side chair, armchair | 椅子, 餐椅, 座椅, 椅, 扶手椅
sofa: sofa, couch, settee, loveseat | 沙发, 双人沙发, 布艺沙发
cushion: cushion, pillow, throw pillow, accent pillow, scatter cushion | 靠垫, 抱枕, 枕头, 坐垫, 靠枕
clock: clock, wall clock, alarm clock | 时钟, 挂钟, 闹钟, 钟表, 座钟
guitar: guitar, acoustic guitar, classical guitar | 吉他, 木吉他, 民谣吉他, 古典吉他
ukulele: ukulele, uke | 尤克里里, 乌克丽丽
drum: drum, snare drum | 鼓, 小鼓, 军鼓
bell: bell, hand bell, handbell | 手摇铃, 铃铛, 摇铃
xylophone: xylophone, glockenspiel, marimba | 木琴, 钟琴, 敲琴
tambourine: tambourine | 铃鼓, 手鼓
instrument: musical instrument, instrument | 乐器
toy_car: toy car, model car, car toy | 玩具车, 小汽车, 玩具汽车, 汽车玩具
teddy_bear: teddy bear, teddy, stuffed bear, plush bear, stuffed animal, soft toy, plush toy
  | 泰迪熊, 毛绒熊, 玩具熊, 小熊, 毛绒玩具, 玩偶
ball: ball, soccer ball, beach ball, rubber ball | 球, 皮球, 沙滩球, 玩具球
rubber_duck: rubber duck, bath duck, toy duck, rubber ducky | 橡皮鸭, 洗澡鸭, 玩具鸭, 小鸭子
yellow + rubber_duck: yellow duck | 小黄鸭
wooden_train: wooden train, toy train, train set, train toy | 木制小火车, 小火车, 玩具火车, 火车玩具, 木制火车
toy: toy | 玩具
denim + jacket: denim jacket, jean jacket | 牛仔外套, 牛仔夹克, 牛仔衣
leather + jacket: leather jacket | 皮夹克, 皮衣, 皮外套
leather + shoes: leather shoe | 真皮皮鞋
leather + bag: leather bag | 皮包
leather + boot: leather boot | 皮靴
leather + gloves: leather glove | 皮手套
leather + belt: leather belt | 真皮腰带
leather + sofa: leather sofa, leather couch | 皮沙发, 真皮沙发
denim + skirt: denim skirt, jean skirt | 牛仔裙, 牛仔短裙
denim + shorts: denim shorts, jean shorts | 牛仔短裤
denim + shirt: denim shirt | 牛仔衬衫
canvas + tote: canvas bag, canvas tote | 帆布包, 帆布袋
glass + bottle: glass bottle | 玻璃瓶, 玻璃杯
wood + chair: wooden chair | 木椅
blue + jeans: blue jeans | 蓝色牛仔裤
"""

#: What a rendered kind shows besides the concept of its own name, or instead of it.
RENDERED_KINDS = {
    "tshirt": ("t_shirt",), "trousers": ("pants",), "jeans": ("jeans", "pants"), "hat": ("brim_hat", "hat"),
    "cap": ("cap", "hat"), "beanie": ("beanie", "hat"), "sneaker": ("sneaker", "shoes"),
    "boot": ("boot", "shoes"), "sandal": ("sandal", "shoes"), "backpack": ("backpack", "bag"),
    "handbag": ("handbag", "bag"), "tote": ("tote", "bag"), "guitar": ("guitar", "instrument"),
    "ukulele": ("ukulele", "instrument"), "drum": ("drum", "instrument"), "bell": ("bell", "instrument"),
    "xylophone": ("xylophone", "instrument"), "tambourine": ("tambourine", "instrument"),
    "toy_car": ("toy_car", "toy"), "teddy_bear": ("teddy_bear", "toy"), "rubber_duck": ("rubber_duck", "toy"),
    "wooden_train": ("wooden_train", "toy"),
}  # fmt: skip

#: What a picture of a kind may also be called: neither taught nor denied.
OVERLAPS = {
    "longsleeve": ("sweater", "top", "blouse", "t_shirt"), "jacket": ("coat", "blazer", "hoodie"),
    "coat": ("jacket",), "top": ("undershirt", "blouse", "t_shirt"), "undershirt": ("top",),
    "blouse": ("shirt", "top", "longsleeve"), "shirt": ("blouse", "longsleeve"), "blazer": ("jacket", "coat"),
    "sweater": ("longsleeve", "hoodie"), "hoodie": ("sweater", "longsleeve", "jacket"), "t_shirt": ("top",),
    "pants": ("jeans",), "shoes": ("sneaker", "boot", "sandal"), "hat": ("cap", "brim_hat", "beanie"),
    "ball": ("toy",), "suitcase": ("bag",), "tote": ("handbag",), "handbag": ("tote",),
}  # fmt: skip

#: Category names of the clothing photos and the concept each stands for.
CLOTHING_CATEGORIES = {
    "T-Shirt": "t_shirt", "Longsleeve": "longsleeve", "Shirt": "shirt", "Blouse": "blouse", "Polo": "polo",
    "Top": "top", "Undershirt": "undershirt", "Hoodie": "hoodie", "Blazer": "blazer", "Outwear": "jacket",
    "Dress": "dress", "Skirt": "skirt", "Pants": "pants", "Shorts": "shorts", "Shoes": "shoes", "Hat": "hat",
    "Body": "bodysuit",
}  # fmt: skip

#: Colours, all measured from pixels or told by renderings.
COLOURS = """
black: black, jet black, ebony | 黑色, 黑, 乌黑, 纯黑
white: white, ivory white, snow white | 白色, 白, 纯白, 雪白
grey: grey, gray, charcoal, slate, ash grey, silver, silvery | 灰色, 灰, 炭灰, 银色, 银灰, 深空灰
red: red, scarlet, crimson, ruby, cherry red, vermilion | 红色, 红, 大红, 鲜红, 正红, 朱红
orange: orange, tangerine, apricot, terracotta | 橙色, 橘色, 橙, 桔色, 橘红, 橘黄
yellow: yellow, lemon yellow, golden, gold, mustard, amber | 黄色, 黄, 金色, 柠檬黄, 金黄, 姜黄
green: green, emerald, lime, olive, khaki green, forest green, mint, sage
  | 绿色, 绿, 翠绿, 军绿, 橄榄绿, 墨绿, 草绿, 薄荷绿
blue: blue, azure, cobalt, royal blue, indigo, sapphire | 蓝色, 蓝, 宝蓝, 天蓝, 靛蓝, 湖蓝
purple: purple, violet, lilac, lavender, plum, mauve | 紫色, 紫, 紫罗兰, 淡紫
pink: pink, rose pink, fuchsia, magenta, salmon, blush | 粉色, 粉红, 粉红色, 粉, 玫红, 桃红, 玫瑰红
brown: brown, tan, chocolate, coffee brown, chestnut, camel, cognac | 棕色, 褐色, 咖啡色, 棕, 褐, 驼色, 巧克力色, 栗色
beige: beige, cream, ivory, sand, ecru, off-white, nude, khaki, oatmeal
  | 米色, 米白, 奶油色, 象牙色, 米黄, 卡其, 卡其色, 杏色, 裸色
dark: dark, deep | 深色, 暗色, 深
light: light coloured, light colored, pale, pastel | 浅色, 淡色, 浅
navy: navy, navy blue, dark blue, midnight blue
  | 藏青, 藏青色, 深蓝, 深蓝色, 海军蓝, 藏蓝
light + blue: light blue, sky blue, baby blue, pale blue
  | 浅蓝, 浅蓝色, 淡蓝, 淡蓝色, 天蓝色
dark + red: burgundy, maroon, wine red, dark red, bordeaux | 酒红, 酒红色, 深红, 暗红, 枣红
dark + green: dark green | 深绿, 深绿色, 墨绿色
light + green: light green, mint green | 浅绿, 浅绿色, 嫩绿
dark + grey: dark grey, dark gray, anthracite, graphite | 深灰, 深灰色
light + grey: light grey, light gray | 浅灰, 浅灰色
dark + brown: dark brown | 深棕, 深棕色, 深咖
light + brown: light brown | 浅棕, 浅棕色
light + pink: light pink, baby pink | 浅粉, 淡粉, 浅粉色
light + purple: light purple | 浅紫, 浅紫色
dark + purple: dark purple | 深紫, 深紫色
green + blue: teal, turquoise, cyan, aqua, petrol | 青色, 蓝绿色, 青绿, 绿松石
"""

#: Patterns and materials.
STYLES = """
plain: plain, solid colour, solid color, single colour | 纯色, 素色, 单色
striped: striped, stripe, stripy, pinstripe, pinstriped | 条纹, 横条纹, 竖条纹, 横条, 竖条
checked: checked, plaid, tartan, gingham, checkered, chequered, check pattern | 格纹, 格子, 方格, 格子纹
dotted: dotted, polka dot, spotted, dots, spotty | 波点, 圆点, 波点图案, 点点
floral: floral, flowered, flowery, flower print, floral print | 碎花, 花卉, 印花, 花朵图案
colour_block: colour block, color block, colour blocked, color blocked, two tone | 拼色, 撞色, 双色
zigzag: zigzag, zig zag, chevron | 锯齿纹, 人字纹, 波浪纹
stars: star print, stars, starry, star pattern | 星星图案, 星星, 星星印花, 星形
cotton: cotton | 棉, 纯棉, 棉质, 全棉
denim: denim | 牛仔布, 牛仔, 丹宁
leather: leather, faux leather, suede | 皮革, 真皮, 皮质, 牛皮, 皮制
knit: knit, knitted, knitted wool, cable knit | 针织, 针织羊毛, 毛线
wool: wool, woollen, woolen, felt, cashmere | 羊毛, 毛呢, 呢子, 羊绒, 毛毡
canvas: canvas | 帆布
satin: satin, silk, silky | 缎面, 丝绸, 真丝, 丝质, 绸缎
plush: plush, fluffy, furry | 毛绒, 长毛绒
ceramic: ceramic, porcelain, stoneware, earthenware, pottery | 陶瓷, 瓷, 骨瓷, 陶制, 瓷器
wood: wood, wooden, oak, pine wood, walnut wood | 木质, 木制, 实木, 木头, 木
metal: metal, steel, stainless steel, iron, aluminium, aluminum, brass, metallic, chrome
  | 金属, 不锈钢, 铝合金, 铁艺, 铁质, 钢制, 黄铜
glass: glass | 玻璃
plastic: plastic, pvc | 塑料, 塑胶
rubber: rubber, silicone, latex | 橡胶, 硅胶
wax: wax, beeswax, soy wax | 蜂蜡, 大豆蜡, 蜡
wicker: wicker, rattan | 藤编, 藤, 柳编, 草编
"""

#: Words whose look is not what their parts say.
IGNORED = (
    "red wine, white wine, black pepper, orange juice, green tea, black tea, red bull, blue ray, blu ray, "
    "blue tooth, white noise, white board, black board, brown rice, brown sugar, green house, gold plan, "
    "table top, desk top, top up, top loading, top quality, top rated, top load, roll top, top case, "
    "jacket potato, shirt hanger, shoe rack, shoe cabinet, hat stand, hat rack, coat rack, coat hanger, "
    "coat hook, coat stand, heel pad, boot tray, dress form, dressing table, dressing gown, shorts hanger, "
    "light weight, light bulb, light up, cap screw, bottle cap, bottle opener, ball pen, ball bearing, belt clip, "
    "seat belt, conveyor belt, tool belt, belt sander, lamp post, lamp shade, chair mat, chair cover, sofa cover, "
    "sofa bed, pillow case, pillowcase, watch tv, watch band, watch strap, glasses, wine glass, drum kit, bell pepper, "
    "cup holder, cup board, doorbell, door bell, bag clip, ball gown, dumb bell, golf bag, bean bag, bean bag chair, "
    "tea bag, sleeping bag, hat box, sock drawer, umbrella stand, candle holder, candle stick, clock radio, "
    "guitar strap, guitar stand, toy box, toy chest, steam iron, iron man, cast iron, curling iron, "
    "红酒, 白酒, 红茶, 绿茶, 黑胡椒, 红包, 口红, 白板, 黑板, 黄瓜, 白菜, 青菜, 橙子, 橙汁, 白糖, 红糖, 黑茶, "
    "鞋柜, 鞋架, "
    "帽架, 衣架, 黄油, 黄金, 白银, 蓝牙, 绿植, 粉底, 粉刷, 粉末, 面粉, 奶粉, 洗衣粉, 深度, 深圳, 浅盘, 红外, 白噪音, "
    "黑科技, 白炽灯, 鞋油, 鞋带, 灰尘, 木瓜, 木耳, 积木, 地球, 全球, 星球, 气球, 球衣, 鼓励, 玻璃水, 面包, 包装, 包邮, "
    "眼镜, 安全帽, 衣帽间, 帽架, 伞架, 桌椅, 沙发床, 沙发套, 手表带, 杯架, 藤椒, 木板, 木工, 木地板, 鞋套, 枕套"
)

NEGATIONS = "not, no, non, without, isnt, 不, 不要, 不是, 非, 没有, 无"


@dataclass(frozen=True)
class Lexicon:
    """Concepts with their facets, and the terms that name them."""

    facets: dict[str, str]
    terms: dict[str, tuple[str, ...]]

    @property
    def concepts(self) -> list[str]:
        """Concepts in declaration order."""
        return list(self.facets)

    def of_facet(self, facet: str) -> list[str]:
        """Concepts of one facet, in declaration order."""
        return [concept for concept, home in self.facets.items() if home == facet]

    def merged(self, other: Lexicon) -> Lexicon:
        """Return this lexicon with the concepts and terms of ``other`` added; known terms stay."""
        return Lexicon({**other.facets, **self.facets}, {**other.terms, **self.terms})

    def vocabulary(self, known: Iterable[str]) -> ConceptVocabulary:
        """Return the terms all of whose concepts are in ``known``, with numbers from 1."""
        kept = [concept for concept in self.concepts if concept in set(known)]
        number = {concept: index + 1 for index, concept in enumerate(kept)}
        terms = {
            term: [number[name] for name in names]
            for term, names in self.terms.items()
            if all(name in number for name in names)
        }
        ignored = {fold(term): list[int]() for term in IGNORED.split(",")}
        return ConceptVocabulary(kept, {**terms, **ignored}, [fold(word) for word in NEGATIONS.split(",")])


def parse(table: str, facet: str) -> Lexicon:
    """Read one of the tables of this module."""
    facets: dict[str, str] = {}
    terms: dict[str, tuple[str, ...]] = {}
    for line in filter(None, map(str.strip, _CONTINUED.sub(" ", table).splitlines())):
        head, _, words = line.partition(":")
        names = tuple(name.strip() for name in head.split("+"))
        if len(names) == 1:
            facets[names[0]] = facet
        english, _, chinese = words.partition("|")
        for term in english.split(","):
            terms.update(dict.fromkeys(_forms(fold(term)), names))
        for term in chinese.split(","):
            terms[fold(term)] = names
    terms.pop("", None)
    return Lexicon(facets, terms)


def lexicon() -> Lexicon:
    """Return all words."""
    return parse(KINDS, "kind").merged(parse(STYLES, "style")).merged(parse(COLOURS, "colour"))


def _forms(term: str) -> set[str]:
    """Return an English term with its singular and plural, and written as one word or several."""
    if not term:
        return set()
    plural = term + "es" if term.endswith(("s", "sh", "ch", "x")) else term + "s"
    forms = {term, plural}
    if term.endswith("y") and term[-2:-1] not in "aeiou":
        forms.add(term[:-1] + "ies")
    if term.endswith("f"):
        forms.add(term[:-1] + "ves")
    return forms
