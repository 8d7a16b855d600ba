"""How customers share a style post: what is checked, and what becomes of the photo."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from shop.models import Product, StylePost
from xsearch.media import MediaError, load_image

LONGEST_SIDE = 1280  # pixels
_JPEG_QUALITY = 88


class PhotoField(forms.FileField):
    """A photo as customers take it; becomes a JPEG of moderate size, without EXIF and so without where it was taken."""

    widget = forms.FileInput(attrs={"accept": "image/*"})

    def to_python(self, data: Any) -> Any:
        """Return the photo, made anew from its pixels."""
        upload = super().to_python(data)
        if not isinstance(upload, UploadedFile):
            return upload
        try:
            photo = load_image(upload)
        except MediaError as error:
            raise forms.ValidationError(str(error)) from error
        photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        stream = io.BytesIO()
        photo.save(stream, "JPEG", quality=_JPEG_QUALITY)
        return ContentFile(stream.getvalue(), name="photo.jpg")


class PostForm(forms.ModelForm):
    """A style post; ``website`` is a trap for programs, which no person sees."""

    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))
    product = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = StylePost
        fields = ["photo", "title", "text", "author"]
        field_classes = {"photo": PhotoField}
        labels = {"author": _("Your name"), "text": _("Tell us about it"), "title": _("Title"), "photo": _("Photo")}
        widgets = {"text": forms.Textarea(attrs={"rows": 5})}

    @property
    def is_trapped(self) -> bool:
        """Whether a program has filled in what no person sees."""
        return bool(self.cleaned_data.get("website"))

    def save(self, commit: bool = True) -> StylePost:
        """Keep the post, and link it to the product that it was shared from."""
        self.instance.is_visible = not settings.POSTS_NEED_APPROVAL
        post: StylePost = super().save(commit)
        sku = self.cleaned_data.get("product", "")
        post.products.set(Product.objects.filter(sku=sku) if sku else [])
        return post
