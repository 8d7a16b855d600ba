"""Chinese words: segmentation with overlapping sub-words, heads of compounds, and stop words."""

from __future__ import annotations

import re
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Chinese characters, for the inside of a regular expression's brackets.
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HAN_WORD = re.compile(rf"[{HAN}]+")

_STOP_WORDS = """
    的 了 着 地 得 吗 呢 吧 啊 呀 嘛 哦 我 我们 你 你们 您 他 她 它 他们 这 那
    这个 那个 这些 那些 这种 那种 这样 一个 一件 一双 一条 一只 一款 一些 一下 一点
    一张 一把 一台 一副 一顶 一部 个 件 款 种 些 要 我要 想 想要 我想 买 想买 购买
    找 寻找 查找 搜 搜索 请 请问 帮 帮我 给 给我 看看 看 有 有没有 没有 什么 怎么
    哪 哪个 哪里 哪些 和 与 及 或 或者 以及 在 是 就 都 也 很 非常 比较 适合 需要
    可以 能 会 对 把 被 让 用 为 从 到 一 麻烦 谢谢 你好
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
# A compound is a kind of its last character: 跑鞋 and 运动鞋 are both 鞋, 深蓝 is a 蓝.
_HEADS = frozenset(
    "鞋靴裙裤衣衫袜帽包杯碗盘锅壶瓶盒箱灯椅桌凳柜床垫毯被枕镜表链戒伞刀叉勺笔本书球琴鼓笛铃车笼巾"
    "红橙黄绿蓝紫黑白灰粉棕金银青褐米"
)
_NO_KINDS = """
    面包 汉堡包 红包 代表 外表 图表 皮球 气球 地球 全球 世界杯 证书 秘书 说明书 基本 日本 成本 样本 资本 表白 明白
    蛋白 资金 现金 美金 基金 奖金 口红 腮红 冰箱 烤箱 音箱 邮箱 信箱 水箱 键盘 硬盘 优盘 光盘 方向盘 机顶盒 墨盒
    望远镜 显微镜 放大镜 后视镜 剃须刀 拉链 降落伞 哑铃 杠铃 纸尿裤 纸巾 湿巾 卫生巾 奶粉 面粉 米粉 蛋白粉
    洗衣粉 蜜粉 玉米 大米 小米 糯米 虾米 脐橙 甜橙 红绿灯
"""
_NOT_A_KIND = frozenset(_NO_KINDS.split())
# 红色 is 红, 鞋子 is 鞋.
_ENDINGS = "色子"

_loading = Lock()


def is_chinese(word: str) -> bool:
    """Return True if a word is made of Chinese characters only."""
    return HAN_WORD.fullmatch(word) is not None


def has_chinese(text: str) -> bool:
    """Return True if a text has any Chinese character."""
    return HAN_WORD.search(text) is not None


def segment(run: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words of a run of Chinese characters as ``(word, start, end)``, long before short."""
    for start, end in _spans(run):
        yield run[start:end], start, end


def tagged(run: str) -> Iterator[tuple[str, str]]:
    """Yield the words of a run of Chinese characters one after the other, each with its part of speech (ICTCLAS)."""
    yield from _segmenter().tag(run, False)


def kinds(word: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Yield the one character for the kind or the colour of a compound: 鞋 of 跑鞋, 红 of 红色."""
    core = word[:-1] if word[-1] in _ENDINGS else word
    if len(word) > 1 and core[-1:] in _HEADS and word not in _NOT_A_KIND:
        end = start + len(core)
        # 红 means all that 红色 does; 鞋 is less than 跑鞋.
        yield (core, start, start + len(word)) if len(core) == 1 else (core[-1], end - 1, end)


def _spans(run: str) -> list[tuple[int, int]]:
    # Without the hidden Markov model: it guesses words from their context, so the same name would be cut
    # differently in a title and in a query.
    pieces = _segmenter().tokenize(run, "search", False)
    return sorted(((start, end) for _, start, end in pieces), key=lambda span: (span[0], -span[1]))


def _segmenter() -> Any:
    with _loading:
        return _load()


@cache
def _load() -> Any:
    import rjieba

    return rjieba.Jieba()
