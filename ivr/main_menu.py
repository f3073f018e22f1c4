"""The hotline's first menu.

Owns which key is which service. Must not know how a menu is played.
Rules: domain.md H11 (业务咨询, 业务受理, 业务定制查询, 业务取消受理, 投诉受理, a person at any time); design.md section 5 (9 for English).
"""

from ivr.menu import PERSON, Menu, OtherLanguage, ToService

MAIN_MENU = Menu(
    prompt="main-menu",
    options={
        "1": ToService("consultation"),
        "2": ToService("business"),
        "3": ToService("query"),
        "4": ToService("cancel"),
        "5": ToService("complaint"),
        "0": ToService(PERSON),
        "9": OtherLanguage(),
    },
    languages=("zh-CN", "en"),
)
